from dataclasses import replace

from asd_core.synthesis.audioldm.components import NETWORKS
from asd_core.synthesis.audioldm.weights_digest import weights_digest
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components


def test_random_weights_are_named_by_seed_and_size():
    found = {weights_digest(replace(TINY, weights=weights)) for weights in ("random", "random:0", "random:1")}
    found.add(weights_digest(replace(TINY, size="small", weights="random")))
    assert len(found) == 3 and all(digest.startswith("random-") for digest in found)


def test_files_are_named_by_their_bytes(tmp_path):
    for name in (*NETWORKS, "scheduler", "tokenizer"):
        getattr(tiny_components(), name).save_pretrained(tmp_path / name)
    config = replace(TINY, weights=str(tmp_path))
    before = weights_digest(config)
    assert before == weights_digest(config) and not before.startswith("random-")
    path = tmp_path / "vocoder" / "config.json"
    path.write_text(path.read_text() + " ")
    assert weights_digest(config) != before
