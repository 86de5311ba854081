"""AudioLDM (Liu et al. 2023), a text-to-audio model: its networks, its sound front end, and its fine-tuning.

A caption becomes an embedding (CLAP's text tower). A network (U-Net) makes the latents of a log-mel spectrogram out of
noise, led by that embedding. A variational auto-encoder (VAE) decodes the latents, and a vocoder makes the waveform.
"""
