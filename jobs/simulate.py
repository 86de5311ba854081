"""``asd simulate``."""
