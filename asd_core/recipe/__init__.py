"""Recipes: which encoder, detector and threshold, read from TOML and checked."""
