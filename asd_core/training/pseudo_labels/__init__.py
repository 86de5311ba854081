"""Pseudo-labels: classes of normal clips whose attributes nobody wrote down, found in a space of embeddings."""
