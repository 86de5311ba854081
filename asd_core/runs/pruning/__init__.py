"""Removing what a store needs no more: old reports, superseded scorers, and what was never finished."""
