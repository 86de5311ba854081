"""The page of a first-shot run: the tables of the paper."""
