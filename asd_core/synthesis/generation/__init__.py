"""Clips that a text-to-audio model makes from captions, as an archive in the DCASE layout (Zhang et al., eq. 4).

`plan_clips` decides every clip beforehand: caption, seeds and file name. `make_shard` makes some of them and keeps
them in the store, one after the other, in any process; a broken run goes on from there and gives the same files.
"""
