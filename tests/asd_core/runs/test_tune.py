import json

import numpy as np
import pyarrow.compute as pc
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.errors import AsdError, UsageError
from asd_core.evaluation.evaluate import evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.runs.tune import tune
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet
from asd_core.synthesis.validation import RejectedClip
from asd_core.tuning.batches import evaluate_batch
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.search import search_here
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations, simulated_validations
from tests.asd_core.tuning.gather.recordings import parts, write_machines
from tests.fleet import files_of

SPACE = new_space({"encoder.r": {"grid": [0.5, 0.9, 1.0]}, "detector.k": {"grid": [1, 2, 4]}})
KNN = load_recipe("twfr-knn")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_machines(tmp_path_factory.mktemp("archive"), {"fan": ["00", "01"], "valve": ["00"]})


@pytest.fixture(scope="module")
def validations(clips):
    return labelled_validations(*parts(clips))[0]


class Counting:
    """Evaluates in this process and counts the settings; ends the process after some batches where told to."""

    def __init__(self, batches=10**9):
        self.settings, self._batches = 0, batches

    def __call__(self, search, work, told):
        def on(batch):
            if self._batches == 0:
                raise ConnectionError("the machine lost its power")
            self._batches -= 1
            self.settings += len(batch.settings)
            return evaluate_batch(work, batch)

        search_here(search, on, told)
        return 0.0


def tuned(folder, clips, validations, runner=None, recipe=KNN, **asked):
    store = Store(LocalFiles(folder))
    order = SearchRequest(**{"space": SPACE, **asked})
    return store, tune(store, recipe, clips, validations, order, LocalEngine(), runner or Counting())


# Both tell apart which of the two recipes a kind's fields come from: that of all types, or the fan's overrides.
OTHER_KIND = Recipe(
    "site",
    {
        **{table: keys for table, keys in KNN.settings.items() if table != "detector"},
        "detector": {"kind": "gmm", "strict": True, "reg_covar": 0.5, "score": "nll"},
        "machine": {"fan": {"detector.kind": "memory_bank", "detector.k": 2}},
    },
)
GMMS = new_space({"detector.kind": {"choice": ["gmm"]}, "encoder.r": {"grid": [0.5, 0.9]}})


@pytest.mark.parametrize(
    ("recipe", "asked"),
    [
        (KNN, {}),
        (OTHER_KIND, {"space": GMMS}),
        (
            OTHER_KIND,
            {"space": new_space({"detector.k": {"grid": [1, 3]}, "detector.kind": {"choice": ["memory_bank"]}})},
        ),
        (OTHER_KIND, {"space": GMMS, "per": "global"}),
    ],
)
def test_the_recipe_that_comes_out_has_the_auc_that_the_search_says(tmp_path, clips, validations, recipe, asked):
    store, record = tuned(tmp_path / "store", clips, validations, recipe=recipe, **asked)
    text = store.files.read(record["recipes"][0])
    (tmp_path / "tuned.toml").write_bytes(text)
    recipe = load_recipe(str(tmp_path / "tuned.toml"))
    train, test = parts(clips)
    fit(store, recipe, train, LocalEngine())
    evaluation = evaluate(store.read_scores(score(store, recipe, test, LocalEngine())))
    for name, best in record["best"].items():
        aucs = [each.auc for each in evaluation.machines if each.machine_type == name or name == "all machines"]
        assert np.mean(aucs) == pytest.approx(best["value"], abs=1e-9)


def test_a_finished_search_does_nothing_again(tmp_path, clips, validations):
    store, record = tuned(tmp_path, clips, validations)
    before, counting = files_of(tmp_path), Counting()
    _, again = tuned(tmp_path, clips, validations, counting)
    assert again["already_complete"] and counting.settings == 0 and again["best"] == record["best"]
    assert files_of(tmp_path) == before


def test_a_search_that_lost_its_power_goes_on_and_decodes_nothing_again(tmp_path, clips, validations):
    counting, decoded = [], []
    for batches in (1, 2, 10**9):
        counting.append(Counting(batches))
        try:
            store, record = tuned(tmp_path / "broken", clips, validations, counting[-1])
        except ConnectionError:
            decoded.append(list((tmp_path / "broken").rglob("*.npy")))
    assert sum(one.settings for one in counting) == 27 and record["counts"]["evaluated"] == counting[-1].settings
    assert record["counts"]["decoded"] == 0 and len(decoded) == 2 and decoded[0] == decoded[1] != []
    _, whole = tuned(tmp_path / "whole", clips, validations)
    assert {k: v["setting"] for k, v in record["best"].items()} == {k: v["setting"] for k, v in whole["best"].items()}


def test_what_was_taken_from_the_audio_goes_when_the_search_is_over(tmp_path, clips, validations):
    tuned(tmp_path / "store", clips, validations)
    assert not (tmp_path / "store/tuning/data").exists() or not list((tmp_path / "store/tuning/data").rglob("*.npy"))
    tuned(tmp_path / "other", clips, validations, data=str(tmp_path / "data"))
    assert list((tmp_path / "data").rglob("*.npy"))
    _, record = tuned(tmp_path / "other", clips, validations, data=str(tmp_path / "data"), objective="pauc")
    assert (record["counts"]["decoded"], record["counts"]["evaluated"]) == (0, 0)


def test_another_seed_objective_or_scope_is_another_search_on_the_same_rows(tmp_path, clips, validations):
    _, first = tuned(tmp_path, clips, validations)
    for changes in ({"objective": "twfr-sum"}, {"per": "machine"}, {"per": "global"}, {"seed": 1}):
        _, other = tuned(tmp_path, clips, validations, **changes)
        assert other["run_id"] != first["run_id"] and other["counts"]["evaluated"] == 0
    assert len(Store(LocalFiles(tmp_path)).runs("tune")) == 5


def test_a_search_of_other_captions_or_whose_recipe_is_gone_is_not_complete(tmp_path, clips, validations):
    store, record = tuned(tmp_path, clips, validations)
    _, other = tuned(tmp_path, clips, validations, recipe=KNN.with_settings({"captions.k": 2}))
    assert not other["already_complete"] and other["counts"]["evaluated"] == 0
    assert b"k = 2" in store.files.read(other["recipes"][0])
    store.files.delete(record["recipes"][0])
    _, again = tuned(tmp_path, clips, validations)
    assert not again["already_complete"] and store.files.exists(record["recipes"][0])


def test_arrays_that_are_gone_are_made_again_and_broken_ones_blame_no_setting(tmp_path, clips, validations):
    data = tmp_path / "data"
    tuned(tmp_path / "store", clips, validations, data=str(data))
    for array in data.rglob("*.npy"):
        array.unlink()
    _, record = tuned(tmp_path / "other", clips, validations, data=str(data))
    assert record["counts"]["decoded"] > 0 and record["counts"]["failed"] == 0
    for array in data.rglob("*.npy"):
        array.write_bytes(array.read_bytes()[:-8])
    with pytest.raises(AsdError, match="gone or broken .*: remove the folder") as refused:
        tuned(tmp_path / "third", clips, validations, data=str(data))
    assert "\n" not in str(refused.value) and not list((tmp_path / "third").rglob("results/**/*.parquet"))


def test_values_that_do_not_go_together_are_errors_of_their_settings(tmp_path, clips, validations):
    space = new_space({"encoder.f_min": {"grid": [50, 3000]}, "encoder.f_max": {"grid": [2000, 8000]}})
    _, record = tuned(tmp_path, clips, validations, space=space)
    assert record["counts"]["failed"] == 2 and record["best"]["fan"]["setting"] != {}


def test_a_machine_whose_normal_clips_are_silent_is_left_out(tmp_path):
    clips = write_machines(tmp_path / "archive", {"fan": ["00"], "valve": ["00"]})
    for path in (tmp_path / "archive/valve/train").iterdir():
        soundfile.write(path, np.zeros(16_000), 16_000, subtype="PCM_16")
    clips = list_archive(str(tmp_path / "archive")).clips
    validations, _ = labelled_validations(*parts(clips))
    _, record = tuned(tmp_path / "store", clips, validations)
    assert record["left_out"] == {"valve 00": "0 normal clips to fit to"} and list(record["best"]) == ["fan"]


def test_machines_that_cannot_be_judged_are_not_read_and_limit_no_field(tmp_path, clips, validations):
    few = type(validations[0])(validations[0].normals.slice(0, 2), ())
    some = [few, *validations[1:]]
    _, record = tuned(tmp_path, clips, some)
    assert record["left_out"] == {"fan 00": "0 normal clips to judge on, 0 anomalous clips to judge on"}
    assert record["counts"]["decoded"] == sum(len(one.normals) + len(one.clips) for one in validations[1:])


def test_a_clip_that_is_rejected_is_told_though_its_machine_takes_no_part(tmp_path, clips, validations):
    stray = RejectedClip("0" * 32, "file:///stray.wav", "no_machine", "of no machine that is searched for")
    some = [type(validations[0])(validations[0].normals, (), (stray,)), *validations[1:]]
    store, record = tuned(tmp_path, clips, some)
    assert record["counts"]["clips_left_out_by_reason"] == {"no_machine": 1}
    assert b"stray.wav" in store.files.read(record["page"])


def test_the_table_and_the_page_are_written_before_the_record(tmp_path, clips, validations):
    store, record = tuned(tmp_path, clips, validations)
    (path,) = record["choices"]
    rows = from_parquet(store.files.read(path))
    assert sorted(set(rows["scope"].to_pylist())) == ["fan", "valve"] and len(rows) == 18
    first = rows.filter(pc.equal(rows["place"], 1)).to_pylist()
    assert {row["scope"]: json.loads(row["setting"]) for row in first} == {
        name: best["setting"] for name, best in record["best"].items()
    }
    assert b"The settings that best tell" in store.files.read(record["page"])


def test_simulated_anomalies_need_no_label(tmp_path, clips):
    train, _ = parts(clips)
    blind = train.set_column(
        train.schema.get_field_index("condition"), "condition", pc.cast([""] * len(train), "string")
    )
    validations, left_out = simulated_validations(blind, 0)
    store, record = tuned(tmp_path, blind, validations, validation="simulated")
    assert not left_out and record["best"]["fan"]["value"] > 0.5
    assert b"No real anomaly was heard" in store.files.read(record["page"])
    assert b"# No real anomaly was heard" in store.files.read(record["recipes"][0])


def test_a_machine_without_both_conditions_is_left_out_and_said(tmp_path, clips, validations):
    only_normal = [one for one in validations[0].clips if not one.is_anomalous]
    some = [type(validations[0])(validations[0].normals, tuple(only_normal)), *validations[1:]]
    store, record = tuned(tmp_path, clips, some)
    assert record["counts"]["machines"] == 2 and list(record["left_out"]) == ["fan 00"]
    with pytest.raises(AsdError, match="no machine can be judged, the first for this: "):
        tuned(tmp_path, clips, some[:1])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"objective": "aucc"}, "unknown objective 'aucc'"),
        ({"space": new_space({"detector.kk": {"grid": [1]}})}, "no field 'detector.kk'"),
        (
            {"space": new_space({"detector.k": {"grid": [1, 500]}})},
            "goes up to 500, but fan 00 has only 24 normal clips",
        ),
        ({"method": "tpe"}, "add --settings N"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_evaluated(tmp_path, clips, validations, asked, message):
    counting = Counting()
    with pytest.raises(UsageError, match=message):
        tuned(tmp_path, clips, validations, counting, **asked)
    assert counting.settings == 0


def test_settings_that_all_fail_are_one_line(tmp_path, clips, validations):
    recipe = Recipe("site", {**KNN.settings, "detector": {"kind": "gmm", "strict": True, "n_components": 100}})
    with pytest.raises(AsdError, match="no setting could be evaluated, the first for this: .*100"):
        tuned(tmp_path, clips, validations, recipe=recipe, space=new_space({"encoder.r": {"grid": [1.0]}}))
