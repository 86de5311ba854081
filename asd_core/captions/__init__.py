"""What a clip sounds like, and how it differs from the normal clips nearest to it."""
