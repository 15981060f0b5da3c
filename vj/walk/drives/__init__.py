"""What moves the walk, one file each."""
