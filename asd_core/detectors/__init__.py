"""Detectors: normal embeddings of one machine in, anomaly scores of others out.

`build` makes and loads them from a configuration, `unseen` scores their own training clips fairly. To add one: a
frozen configuration and a class that keeps the contract of `protocol.Detector`, then a case in `build`.
"""
