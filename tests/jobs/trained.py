"""A recipe of the tiny network, with so many epochs."""

RECIPE = """
[encoder]
kind = "tests.tiny_encoder:TinyEncoder"
clip_seconds = 1.0
[training]
labels = ["machine_id"]
epochs = {epochs}
keep = []
batch_size = 4
sub_clusters = 2
[detector]
kind = "memory_bank"
k = 1
metric = "cosine"
"""
