"""One pass over the audio: the arrays that every setting of a search needs."""
