"""The Batch API: many prompts in one file, answered within a day at half the price."""
