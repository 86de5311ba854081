import csv
import io
import math
from dataclasses import replace

import pytest

from asd_core.clips.clip import clips_table
from asd_core.clips.dcase import place
from asd_core.errors import AsdError
from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.heard_clips import Hearing, hearings, labelled, with_hearings
from asd_core.evaluation.tables import to_csv, to_json, to_text
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import SCORES
from asd_core.synthesis.audioldm.publishing import publish_generator
from asd_core.synthesis.metadata_captions.pairs import training_pairs
from tests.hearing import write_heard
from tests.stored_rows import rows

NAMES = [
    f"{kind}/test/section_00_source_test_{condition}_{number:04d}.wav"
    for kind in ("fan", "gearbox")
    for condition in ("normal", "anomaly")
    for number in range(3)
]


def clips_at(url, names=NAMES, version="v"):
    uris = [f"{url}/{name}" for name in names]
    return clips_table(uris, [1] * len(names), [version] * len(names), list(map(place, names)))


CLIPS = clips_at("file:///archive")


def heard_of(store, clips=CLIPS):
    return hearings(LocalFiles(store), clips)


def test_a_store_without_generators_has_heard_nothing(tmp_path):
    assert heard_of(tmp_path) == []


def test_clips_that_a_generator_heard_are_counted_machine_by_machine(tmp_path):
    write_heard(tmp_path, clips_at("file:///archive", NAMES[3:8]))

    (found,) = heard_of(tmp_path)
    assert found == Hearing("gen", 12, {("fan", "00"): 3, ("gearbox", "00"): 2})
    assert found.line.startswith(
        "generator gen was fine-tuned on 5 of the 12 labelled clips measured here (fan, gearbox): "
    )


def test_a_generator_that_heard_none_of_the_clips_is_not_named(tmp_path):
    write_heard(tmp_path, clips_at("file:///archive", ["valve/test/section_00_source_test_normal_0000.wav"]))

    assert heard_of(tmp_path) == []


def test_clips_are_known_again_in_an_archive_that_was_moved_or_copied(tmp_path):
    write_heard(tmp_path, clips_at("s3://bucket/dcase", NAMES[:4], version="other"))

    assert sum(heard_of(tmp_path)[0].heard.values()) == 4


def test_a_clip_of_the_same_name_of_another_machine_is_another(tmp_path):
    names = ["x/a/b/c.wav", "y/a/b/c.wav"]
    placed = [place(NAMES[0])._replace(machine_type=kind) for kind in "xy"]
    both = clips_table([f"file:///{name}" for name in names], [1, 1], ["v", "v"], placed)
    write_heard(tmp_path, both.slice(0, 1))

    assert heard_of(tmp_path, both)[0].heard == {("x", "00"): 1}


def test_all_versions_of_a_generator_count_together_and_each_name_by_itself(tmp_path):
    write_heard(tmp_path, CLIPS.slice(0, 2), digest="0a")
    write_heard(tmp_path, CLIPS.slice(1, 2), digest="0b")
    write_heard(tmp_path, CLIPS.slice(0, 1), name="a%20b")

    assert [(one.generator, sum(one.heard.values())) for one in heard_of(tmp_path)] == [("a b", 1), ("gen", 3)]


def test_a_table_that_cannot_be_read_is_refused_in_one_line(tmp_path):
    write_heard(tmp_path, CLIPS).write_bytes(b"PAR1 broken")

    with pytest.raises(AsdError, match=r"generators/gen/0a/heard.parquet .* is not known: restore it"):
        heard_of(tmp_path)


def scores_of(**given):
    ids = [f"c{number}" for number in range(len(given["condition"]))]
    return rows(SCORES, ids, **{"split": ["test"] * len(ids), "machine_type": ["fan"] * len(ids), **given})


def test_only_rows_that_figures_rest_on_are_labelled():
    scores = scores_of(
        condition=["normal", "anomalous", "normal", "", "normal", "normal"],
        split=["test", "", "train", "test", "test", "test"],
        anomaly_score=[1.0, 2.0, 1.0, 1.0, None, math.nan],
    )

    assert labelled(scores)["clip_id"].to_pylist() == ["c0", "c1"]


def test_every_form_of_an_evaluation_says_what_was_heard():
    scores = scores_of(
        machine_type=["fan", "fan", "valve", "valve"],
        condition=["normal", "anomalous"] * 2,
        anomaly_score=[0.0, 1.0] * 2,
    )
    plain, hearing = evaluate(scores), Hearing("a\nb", 4, {("fan", ""): 2})
    said = with_hearings(plain, [hearing])

    assert to_json(said)["notes"] == [hearing.line]
    assert (
        to_text(said).splitlines()[-1].startswith("note: generator a\\nb was fine-tuned on 2 of the 4 labelled clips")
    )
    assert [row["note"] for row in csv.DictReader(io.StringIO(to_csv(said)))] == ["generator a\nb heard 2 clips", ""]
    assert replace(said, notes=(), machines=plain.machines) == plain


def test_many_machine_types_stay_one_short_line():
    line = Hearing("gen", 90, {(f"type{number}", "00"): 1 for number in range(9)}).line

    assert "(type0, type1, type2, type3, type4 and 4 more types)" in line


class OnlyLists:
    """Files that can be listed and nothing else."""

    def __init__(self):
        self.asked = []

    def list(self, prefix):
        self.asked.append(prefix)
        return []


def test_a_store_without_generators_is_asked_for_one_listing():
    files = OnlyLists()

    assert hearings(files, CLIPS) == [] and files.asked == ["generators"]


def test_a_generator_that_was_published_tells_which_clips_it_heard(tmp_path):
    config = GeneratorConfig(size="tiny", weights="random", trains="nothing")
    pairs = training_pairs(CLIPS, ["fan"], [], normals=CLIPS.slice(0, 0))
    publish_generator(Store(LocalFiles(tmp_path)), "made", config, pairs, b"", [], (("fan",), ()))

    (found,) = heard_of(tmp_path)
    assert (found.generator, found.heard) == ("made", {("fan", "00"): 6})
