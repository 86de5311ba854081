import pytest

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import select
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.evaluate import evaluated, score_and_evaluate
from asd_core.runs.fit import fit
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, write_dcase
from tests.hearing import write_heard


def test_clips_that_a_scorer_was_fitted_on_are_left_out(tmp_path):
    store, clips = Store(LocalFiles(tmp_path / "store")), list_archive(str(write_dcase(tmp_path / "dev_data"))).clips
    fit(store, KNN, select(clips, split="train"), LocalEngine())
    evaluation, scores = score_and_evaluate(store, KNN, clips, LocalEngine())
    assert [(one.machine_id, one.counts.training) for one in evaluation.machines] == [("00", 6), ("02", 6)]
    [record] = store.runs("evaluate")
    assert len(scores) == len(clips) == record["counts"]["listed"]


def test_an_evaluation_of_nothing_says_to_fit_first(tmp_path):
    store, clips = Store(LocalFiles(tmp_path / "store")), list_archive(str(write_dcase(tmp_path / "dev_data"))).clips
    with pytest.raises(AsdError, match=r"none of 28 clips could be scored \(28 no_scorer\): run asd fit first"):
        score_and_evaluate(store, KNN, clips, LocalEngine())


def test_figures_on_clips_that_a_generator_heard_say_so(tmp_path):
    store, clips = Store(LocalFiles(tmp_path / "store")), list_archive(str(write_dcase(tmp_path / "dev_data"))).clips
    fit(store, KNN, select(clips, split="train"), LocalEngine())
    before, scores = score_and_evaluate(store, KNN, clips, LocalEngine())
    write_heard(tmp_path / "store", select(clips, split="train"), "normals")
    write_heard(tmp_path / "store", clips, "all")
    (note,) = evaluated(store, scores).notes
    assert before.notes == ()
    assert note.startswith("generator all was fine-tuned on 16 of the 16 labelled clips measured here (fan)")
