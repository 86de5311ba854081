"""Archives of recordings as the clips table: one row per recording, for every layout of names."""
