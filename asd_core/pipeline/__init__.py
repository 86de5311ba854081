"""The work of one worker: decode and embed a shard of clips, fit or score a group of machines."""
