"""Songs written by rule and dice, genre by genre, whose every beat is known to the sample."""
