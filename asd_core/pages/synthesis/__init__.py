"""The page of generated clips, to listen to."""
