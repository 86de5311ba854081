"""From anomaly scores to decisions: decision thresholds and p-values."""
