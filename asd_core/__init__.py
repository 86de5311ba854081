"""The method: encoders, detectors, thresholds, metrics and the store. No Ray, no click."""
