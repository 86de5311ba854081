"""The space `triplet`: a small network for each machine that learns to hear its sound through noise."""
