import json

from asd_core.pipeline.type_scorers import type_folder
from asd_core.runs.borrowed_heads import borrowed_heads
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import SCORES
from tests.stored_rows import rows


def test_a_machine_that_borrows_is_told_of_under_its_own_name_with_whose_clips_they_are(tmp_path):
    store = Store(LocalFiles(tmp_path))
    head = {"uris": ["a", "b", "c"], "lenders": ["00", "01"], "notes": ["k = 5"], "machine_id": "(all machines)"}
    store.files.write(f"{type_folder('key', 'fan')}/v1/scorer.json", json.dumps(head).encode())
    versions = ["type/v1", "type/v1", "v1", "type/gone", None]
    names = ["09", "09", "00", "10", "11"]
    scores = rows(SCORES, list("abcde"), machine_type=["fan"] * 5, machine_id=names, scorer_version=versions)
    ((folder, (name, found)),) = borrowed_heads(store, "key", scores)
    assert (folder, name, found["machine_id"]) == (type_folder("key", "fan"), "type/v1", "09")
    assert (found["normal_clips"], found["lenders"]) == (3, ["00", "01"])
    assert found["notes"][0].startswith("judged by the fan bank, 3 normal clips of 2 other machines")
