"""Recordings: bytes to waveforms, spectrograms, acoustic measures and differences."""
