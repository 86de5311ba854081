"""Metrics of runs: which there are, counting them in this process, and a file of them for Prometheus."""
