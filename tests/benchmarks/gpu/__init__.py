"""`make gpu`: everything that needs a GPU, in one command of a few minutes."""
