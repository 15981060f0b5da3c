"""What vj reaches on this machine, measured from outside: the same commands a performer types."""
