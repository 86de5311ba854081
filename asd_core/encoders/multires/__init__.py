"""The multi-resolution network: a branch for the spectrum of a whole clip, and one for each size of spectrogram."""
