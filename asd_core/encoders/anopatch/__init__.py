"""AnoPatch: pretrained audio transformers as encoders that learn to tell machines apart."""
