"""Difference captions: how a clip's sound differs from that of the normal clips nearest to it."""
