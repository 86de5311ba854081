"""Captions for text-to-audio models, made of what the names of recordings tell (Zhang et al., FS-TWFR-GMM, eq. 1)."""
