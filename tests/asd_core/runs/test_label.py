"""Labels are checked against the scores, and refused one by one."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.label import MOST_CHARACTERS, AskedLabel, label
from asd_core.runs.score import score
from asd_core.store.addresses import canonical_uri
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, clip_path, files_of, fitted, listed

LAST = NIGHTS[2]


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    root = tmp_path_factory.mktemp("scored")
    archive, store = fitted(root)
    clip_path(archive, "01", LAST, 0).write_bytes(b"no sound")
    score(store, KNN, listed(archive, date=LAST), LocalEngine())
    return archive, store


@pytest.fixture
def store(scored):
    found = Store(LocalFiles(scored[1].files.root))
    yield found
    for info in list(found.files.list("labels")):
        found.files.delete(info.path)


def clip(scored, number=1, machine="00"):
    return str(clip_path(scored[0], machine, LAST, number))


def refusal(store, **asked):
    return label(store, [AskedLabel(**{"answer": "normal", **asked})]).refused[0]


def test_a_clip_is_found_by_its_path_and_by_its_address(scored, store):
    path = clip(scored)
    done = label(store, [AskedLabel("fault", path, words=" hums "), AskedLabel("normal", f"file://{clip(scored, 2)}")])
    assert done.refused == {}
    first, second = store.labels().to_pylist()
    assert (first["uri"], first["machine_id"], first["date"], first["words"]) == (
        canonical_uri(f"file://{path}"),
        "00",
        LAST,
        "hums",
    )
    assert (second["uri"], second["answer"], second["labelled_by"]) == (
        canonical_uri(f"file://{clip(scored, 2)}"),
        "normal",
        None,
    )


def test_a_machine_s_night_is_labelled_and_the_label_taken_back(store):
    night = {"machine": "fan/00", "date": LAST}
    label(store, [AskedLabel("ignore", until="2026-12-01", labelled_by="Ann", **night)])
    (row,) = store.labels().to_pylist()
    assert (row["uri"], row["until"], row["labelled_by"]) == (None, "2026-12-01", "Ann")
    label(store, [AskedLabel("removed", **night)])
    assert len(store.labels()) == 0
    assert "'fan/00 on 2026-11-03' has no label to take back" in refusal(store, answer="removed", **night)


def test_labels_change_no_other_file_of_the_store(scored, store):
    before = files_of(store.files.root)
    label(store, [AskedLabel("normal", clip(scored))])
    after = files_of(store.files.root)
    assert all(path.startswith("labels/") for path in after.keys() - before.keys())
    assert before.items() <= after.items()


def test_one_that_cannot_be_is_refused_and_the_others_are_kept(scored, store):
    done = label(store, [AskedLabel("normal", "/gone.wav"), AskedLabel("normal", clip(scored)), AskedLabel("nrmal")])
    assert len(done.rows) == len(store.labels()) == 1 and list(done.refused) == [0, 2]
    assert done.refused[2] == "unknown answer 'nrmal'; did you mean 'normal'?"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"uri": "/a/05.wav"}, "no clip '/a/05.wav' was scored in this store; name it as the column uri"),
        ({"uri": "/a/03.wav"}, "was scored in this store; did you mean 'file:///"),
        ({"uri": "/a/03.wav", "date": LAST}, f"was scored in the night of {LAST}; did you mean"),
        ({"machine": "fan/0", "date": LAST}, f"no machine 'fan/0' was scored on {LAST}; did you mean 'fan/0"),
        ({"machine": "pump/7", "date": LAST}, "; there are fan/00, fan/01: write TYPE/ID"),
        ({"machine": "fan/00", "date": "2026-12-24"}, f"no night of 2026-12-24 is scored: the latest is {LAST}"),
        ({"machine": "fan/00", "date": "soon"}, "'soon' is no date"),
        ({"machine": "fan/00"}, "--machine TYPE/ID --date DATE"),
        ({"answer": "fault", "machine": "fan/00", "date": LAST}, "a fault needs words"),
        ({"answer": "ignore", "machine": "fan/00", "date": LAST}, "give both or neither"),
        ({"until": LAST, "machine": "fan/00", "date": LAST}, "give both or neither"),
        ({"answer": "ignore", "until": NIGHTS[0], "machine": "fan/00", "date": LAST}, "is before the night"),
        ({"answer": "ignore", "until": LAST, "uri": "/a.wav"}, "a clip cannot be ignored"),
        ({"answer": "ignore", "until": LAST, "machine": "fan/00", "date": "undated"}, "without a date cannot be"),
        ({"words": "x" * (MOST_CHARACTERS + 1), "uri": "/a.wav"}, "characters are too many"),
        ({"words": "\udcff", "uri": "/a.wav"}, "is no UTF-8"),
        ({"uri": "/\udcff.wav"}, "was scored in this store"),
    ],
)
def test_what_cannot_be_is_one_line(store, asked, why):
    said = refusal(store, **asked)
    assert why in said and "\n" not in said


def test_a_clip_without_a_score_cannot_be_labelled(scored, store):
    assert "could not be scored (not_audio): there is no score" in refusal(store, uri=clip(scored, 0, "01"))


def test_a_clip_that_was_learnt_and_never_scored_can_be_labelled(scored, store):
    path = str(clip_path(scored[0], "00", NIGHTS[0], 1))
    asked = [AskedLabel("fault", path, words="hums"), AskedLabel("normal", machine="fan/01", date=NIGHTS[0])]
    assert label(store, asked).refused == {} and len(store.labels()) == 2
