"""Where it runs: `asd_core` mapped over a Ray cluster. No click, no algorithms."""
