"""Encoders: waveforms in, embeddings out."""
