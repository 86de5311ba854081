"""The Ray cluster: `asd_core` mapped over its nodes. No click, no algorithms."""
