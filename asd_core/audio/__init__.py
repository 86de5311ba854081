"""Recordings: bytes to waveforms, spectrograms, and what can be measured on them."""
