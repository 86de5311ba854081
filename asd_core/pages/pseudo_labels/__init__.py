"""The page of pseudo-labels: maps of the clips of each machine."""
