"""Music with exactly known beats, made from what packages hold: what the beat tracker learns from and is judged by."""
