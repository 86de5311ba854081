"""A head: a small network from one embedding to another, trained on stored embeddings."""
