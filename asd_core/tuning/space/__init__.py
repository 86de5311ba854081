"""Search spaces: which fields of a recipe may take which values."""
