import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.objectives import objective_values
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer import fit_scorer
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.store.store import open_store
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.space.setting import with_best
from asd_core.tuning.validations import labelled_validations
from tests.asd_core.tuning.gather.recordings import parts, write_machines

BASE = Recipe(
    "base",
    {"encoder": {"n_mels": 24, "r": 1.0}, "detector": {"kind": "memory_bank"}, "machine": {"fan": {"encoder.r": 0.9}}},
)
GMM = {"detector.kind": "gmm", "detector.n_components": 2}
SETTINGS = [
    {"encoder.r": 0.0, "detector.k": 1},
    {"encoder.r": 0.97, "detector.k": 3, "detector.density": "least", "detector.density_k": 5},
    {"encoder.r": 0.97, "detector.k": 2, "detector.density": "nearest", "detector.whitening": "half"},
    {"encoder.r": 1.1, "detector.metric": "cosine", "detector.k": 500},
    {"encoder.n_mels": 16, "detector.soft_scoring": "minimum"},
    {"encoder.n_fft": 512, "encoder.hop": 256, "detector.soft_scoring": "standardised"},
    {"encoder.clip_seconds": 0.3, "encoder.clip_rule": "windows", "detector.target_upsampling": "smote"},
    {"encoder.r": 0.97, **GMM},
    {"encoder.r": 0.97, **GMM, "detector.score": "nll"},
    {"encoder.r": 0.97, **GMM, "detector.strict": True, "detector.n_components": 1},
    {"encoder.r": 0.0, **GMM, "detector.covariance": "diag"},
    {"encoder.r": 0.0, **GMM, "detector.target_upsampling": "memmixup"},
    {"encoder.r": 1.0, "detector.kind": "kmeans", "detector.n_clusters": 3},
    {"detector.k": 3},
    {"encoder.r": (0.0, 0.9, 1.0), "encoder.level": True, "detector.groups": "named", "detector.whitening": "half"},
    {"encoder.r": 0.97, "detector.groups": 4, "detector.group_score": "mean", **GMM},
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_machines(tmp_path_factory.mktemp("archive"), {"fan": ["00", "01"], "pump": ["00"]})


@pytest.fixture(scope="module")
def machines(clips, tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("store")))
    validations, _ = labelled_validations(*parts(clips))
    folder = str(tmp_path_factory.mktemp("gathered"))
    gathered = gather(store, BASE, clips, validations, SETTINGS, folder, LocalEngine())
    assert gathered.left_out == {} and gathered.clips_left_out == []
    return gathered.machines


def really(clips, recipe, folder):
    """(machine type, machine id) → scores by clip id, and the figures, as the commands give them."""
    store = open_store(str(folder))
    train, test = parts(clips)
    fit(store, recipe, train, LocalEngine())
    scores = store.read_scores(score(store, recipe, test, LocalEngine()))
    evaluation = evaluate(scores)
    by_clip = dict(zip(scores["clip_id"].to_pylist(), scores["anomaly_score"].to_pylist(), strict=True))
    figures = {(machine.machine_type, machine.machine_id): machine for machine in evaluation.machines}
    return by_clip, figures, evaluation.official_score


@pytest.fixture(scope="module")
def scores(machines):
    """The scores of all settings, evaluated at once, by machine."""
    return [evaluate_machine(machine, BASE, SETTINGS) for machine in machines]


@pytest.mark.parametrize("place", range(len(SETTINGS)))
def test_a_setting_scores_as_its_recipe_would(clips, machines, scores, place, tmp_path):
    setting = SETTINGS[place]
    recipe = with_best(BASE, dict.fromkeys(["", "fan"], setting))
    by_clip, figures, official = really(clips, recipe, tmp_path)
    together = [of_machine[place] for of_machine in scores]
    kinds = [machine.machine_type for machine in machines]
    assert_allclose(
        objective_values("official", kinds, np.array([[one.figures] for one in together])), official, rtol=1e-9
    )
    for machine, found in zip(machines, together, strict=True):
        assert found.error is None and found.setting == setting
        assert_allclose(found.clip_scores, [by_clip[clip_id] for clip_id in machine.clip_ids], rtol=1e-6, atol=1e-9)
        expected = figures[machine.machine_type, machine.machine_id]
        for name in ("auc", "pauc", "auc_source", "auc_target"):
            assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)


def test_settings_in_any_order_and_company_come_to_the_same(machines):
    scores = evaluate_machine(machines[0], BASE, SETTINGS)
    backwards = evaluate_machine(machines[0], BASE, SETTINGS[::-1])[::-1]
    alone = [evaluate_machine(machines[0], BASE, [setting])[0] for setting in SETTINGS]
    for one, other, third in zip(scores, backwards, alone, strict=True):
        assert_allclose(one.clip_scores, other.clip_scores, rtol=1e-12)
        assert_allclose(one.clip_scores, third.clip_scores, rtol=1e-12)


def test_settings_that_come_to_the_same_recipe_are_evaluated_once(machines):
    same = [{"detector.kind": "gmm", "detector.k": k, "threshold.quantile": q} for k, q in ((1, 0.8), (4, 0.9))]
    first, second = evaluate_machine(machines[0], BASE, same)
    assert second.clip_scores is first.clip_scores
    assert (first.setting, second.setting) == tuple(same)
    assert first.seconds > 0


def test_a_setting_that_cannot_be_is_one_line_and_stops_no_other(machines):
    impossible = [
        {"encoder.f_min": 7000.0, "encoder.f_max": 6000.0},
        {**GMM, "detector.n_components": 60, "detector.strict": True},
        {"encoder.r": 0.123},
        {"detector.k": 1},
    ]
    scores = evaluate_machine(machines[0], BASE, impossible)
    errors = [found.error for found in scores]
    words = ("f_min < f_max", "lower n_components", "nothing was gathered")
    for error, expected in zip(errors[:-1], words, strict=True):
        assert expected in error and "\n" not in error
    assert errors[-1] is None and np.isnan(scores[0].auc) and scores[0].clip_scores is None


def test_imported_embeddings_are_searched_with_their_transform(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    test = np.exp(rng.normal(size=(30, 5)) + 2 * y[:, None]).astype(np.float32)
    train = np.exp(rng.normal(size=(40, 5))).astype(np.float32)
    np.savez(tmp_path / "fan_id_00.npz", X_train=train, X_test=test, y_test=y)
    store = open_store(str(tmp_path / "store"))
    import_embeddings(store, "powers", [tmp_path / "fan_id_00.npz"])
    recipe = Recipe(
        "mine", {"encoder": {"kind": "imported", "name": "powers"}, "detector": {"kind": "memory_bank", "k": 1}}
    )
    clips = stored_clips(store, recipe)
    settings = [{"embedding.transform": "log-zscore"}, {"embedding.transform": "none"}]
    validations, _ = labelled_validations(*parts(clips))
    (machine,) = gather(store, recipe, clips, validations, [{}], str(tmp_path / "data"), LocalEngine()).machines
    for setting, found in zip(settings, evaluate_machine(machine, recipe, settings), strict=True):
        laid = recipe.with_settings(setting).for_machine("fan")
        scorer = fit_scorer("fan", "00", laid, "f", train, np.full(40, "source"), [""] * 40)
        assert_allclose(np.sort(found.clip_scores), np.sort(scorer.score(test)[0]), rtol=1e-9)
        assert np.isnan(found.auc_source) and found.auc > 0.9
