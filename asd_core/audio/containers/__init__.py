"""Containers of recordings: where the sound lies in a file whose tags or sizes are not as its format asks."""
