from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.evaluate import evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.named_recipes import named_recipe
from asd_core.runs.score import score
from asd_core.tuning.space.space import new_space
from tests.asd_core.tuning.first_shot import RECIPE, run_in, store_in, targets_in, write_both
from tests.fleet import files_of
from tests.hearing import write_heard


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("first-shot")
    write_both(place)
    return place


@pytest.fixture(scope="module")
def done(folder):
    """Store and record of a run whose test clips have labels."""
    store = store_in(folder / "store")
    return store, run_in(folder, store)


class Untouched(LocalEngine):
    """An engine with nothing to do."""

    def map(self, *arguments, **named):
        raise AssertionError("a complete run does nothing")


def test_the_recipe_with_each_type_s_r_is_kept_fitted_and_has_scored_the_test_clips(done):
    store, record = done
    recipe = named_recipe(store, "plant")
    assert recipe.key() == record["key"] and record["counts"]["fitted"] == 1 and record["counts"]["scored"] == 24
    for machine_type, r in record["r"].items():
        assert f'"r": {r}' in recipe.for_machine(machine_type).encoder.options
    assert [row["synthetic"] for row in record["tables"]["r"]] == [record["r"]["fan"]]


def test_the_figures_are_those_of_the_scores_that_the_run_published(done, folder):
    store, record = done
    recipe = named_recipe(store, "plant")
    scores = store.read_scores(store.run(record["runs"]["score"]))
    (row,) = [row for row in record["tables"]["training_data"] if row["data"] == "synthetic"]
    assert row["official"] == pytest.approx(evaluate(scores).official_score, abs=1e-9)
    again = score(store, recipe, targets_in(folder).clips.filter(_is_test(folder)), LocalEngine("cpu"))
    assert again["already_complete"]


def _is_test(folder):
    return pc.equal(targets_in(folder).clips["split"], "test")


def test_labels_of_real_clips_choose_nothing(done, folder, tmp_path):
    _, record = done
    blind = run_in(folder, store_in(tmp_path), labels=False)
    assert blind["r"] == record["r"] and blind["key"] == record["key"]
    assert all(row["auc"] is None for table in ("choices", "training_data") for row in blind["tables"][table])
    assert "search, real labels" not in blind["runs"] and "are not known" in blind["notes"][-1]
    assert all(row["real"] is None for row in blind["tables"]["r"])


def test_labels_of_clips_that_are_not_scored_are_no_labels_to_judge_on(folder):
    found = targets_in(folder)
    assert found.have_labels
    heard = found.clips.filter(pc.equal(found.clips["split"], "train"))
    place, condition = heard.schema.get_field_index("condition"), ["anomalous"] + ["normal"] * (len(heard) - 1)
    heard = heard.set_column(place, heard.schema.field(place), pa.array(condition, pa.string()))
    assert not replace(found, clips=heard).have_labels


def test_a_finished_run_is_not_repeated(done, folder):
    store, record = done
    before = files_of(folder / "store")
    again = run_in(folder, store, engine=Untouched("cpu"))
    assert again["already_complete"] and again["counts"]["evaluated"] == 0
    assert again["tables"] == record["tables"] and files_of(folder / "store") == before


def test_a_run_that_broke_goes_on_and_ends_alike(done, folder, tmp_path):
    _, record = done

    def stop(stage, at, total):
        if stage == "scoring machines":
            raise ConnectionError("the machine lost its power")

    store = store_in(tmp_path)
    with pytest.raises(ConnectionError):
        run_in(folder, store, progress=stop)
    resumed = run_in(folder, store)
    assert resumed["tables"] == record["tables"] and resumed["r"] == record["r"]
    assert resumed["counts"]["evaluated"] == 0 and record["counts"]["evaluated"] == 12


def test_the_choice_may_keep_the_silence_and_is_another_run(done, folder):
    store, record = done
    kept = run_in(folder, store, keeps_silence=True, name="whole")
    assert kept["silence"] == "kept" and kept["run_id"] != record["run_id"]
    assert kept["tables"]["choices"] == record["tables"]["choices"]
    assert kept["searches"] == record["searches"]


def test_a_name_that_is_taken_is_refused_before_anything_is_done(done, folder):
    store, _ = done
    with pytest.raises(UsageError, match="built-in recipe"):
        run_in(folder, store, engine=Untouched("cpu"), name="fleet")
    space = new_space({"encoder.r": {"grid": [0.5]}})
    with pytest.raises(UsageError, match="plant is taken"):
        run_in(folder, store, space=space)


def test_notes_on_the_generated_clips_stand_in_record_page_and_search(done):
    store, record = done
    assert record["notes"] == ["the generated clips: random weights"]
    for path in (record["page"], *record["searches"].values()):
        assert "random weights" in store.files.read(path).decode()
    assert record["searched_from"]["name"] == RECIPE.name


def test_figures_on_clips_that_a_generator_heard_say_so_in_record_and_page(done, folder):
    store, _ = done
    heard = write_heard(folder / "store", targets_in(folder).clips)
    record = run_in(folder, store, name="heard")
    heard.unlink()
    line = "generator gen was fine-tuned on 24 of the 24 labelled clips measured here (fan)"
    assert [note.startswith(line) for note in record["notes"]] == [False, True]
    assert line in store.files.read(record["page"]).decode()
