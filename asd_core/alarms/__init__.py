"""From anomaly scores to decisions: decision thresholds, p-values, and evidence from the nights of machines."""
