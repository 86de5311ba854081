from asd_core.evaluation.heard_clips import hearings
from asd_core.store.store import open_store
from asd_core.synthesis.audioldm.publishing import point_to_generator, publish_generator
from tests.asd_core.synthesis.audioldm.tiny import TINY
from tests.asd_core.synthesis.audioldm.tones import pairs, write_tones


def test_what_a_generator_heard_is_found_by_whoever_measures_on_it(tmp_path):
    store, rows = open_store(str(tmp_path / "store")), pairs(write_tones(tmp_path / "archive"))
    publish_generator(store, "own", TINY, rows.slice(5), b"", [], ((), ()))
    (found,) = hearings(store.files, rows)
    assert (found.generator, found.heard) == ("own", {("fan", "00"): 3})


def test_a_name_points_to_the_newest_generator_and_leaves_other_names_alone(tmp_path):
    store = open_store(str(tmp_path))
    for name, folder in (("one", "a"), ("two", "b"), ("one", "c")):
        point_to_generator(store, name, folder, "d")
    assert {name: entry["folder"] for name, entry in store.generator_names().items()} == {"one": "c", "two": "b"}
    assert store.encoder_names() == {}
