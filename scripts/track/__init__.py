"""The synthesiser, the score and the mixing desk behind the bundled track (numpy only; PyAV writes the file)."""
