"""The page of a training: its curves, classes and settings."""
