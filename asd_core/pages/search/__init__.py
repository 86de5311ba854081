"""The report of a search: its best settings, how sure they are, and charts of all it tried."""
