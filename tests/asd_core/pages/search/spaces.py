"""Spaces of settings that charts are drawn of."""

KINDS = {"detector.kind": {"choice": ["memory_bank", "kmeans"]}, "embedding.transform": {"choice": ["none"]}}
FINE = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.002}, "detector.k": {"grid": [1, 2]}}
