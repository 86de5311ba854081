import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.tuning.space.distinct_settings import DistinctSettings
from asd_core.tuning.space.setting import changed_fields
from asd_core.tuning.space.space import built_in_spaces, load_space, new_space

BANK = Recipe("bank", {"detector": {"kind": "memory_bank", "k": 4, "density": "least"}, "embedding": {}})
R = {"low": 0.0, "high": 1.1, "step": 0.01}


def test_the_grid_is_the_product_of_all_values_the_last_changing_fastest():
    space = new_space({"detector.k": {"grid": [1, 2]}, "detector.metric": {"choice": ["cosine", "euclidean"]}})
    assert space.size == 4
    assert [tuple(setting.values()) for setting in space.grid()] == [
        (1, "cosine"),
        (1, "euclidean"),
        (2, "cosine"),
        (2, "euclidean"),
    ]


def test_a_file_may_write_fields_with_or_without_quotes(tmp_path):
    (tmp_path / "quoted.toml").write_text('"detector.k" = { grid = [1, 2] }\n"encoder.r" = { grid = [1.0] }\n')
    (tmp_path / "plain.toml").write_text("detector.k = { grid = [1, 2] }\n[encoder]\nr = { grid = [1.0] }\n")
    quoted, plain = (load_space(str(tmp_path / name)) for name in ("quoted.toml", "plain.toml"))
    assert quoted.dimensions == plain.dimensions
    with pytest.raises(UsageError, match="cannot read the space"):
        load_space(str(tmp_path / "none.toml"))


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "space.toml").write_bytes('"detector.k" = { grid = [1, 2] }\r\n'.encode("utf-8-sig"))
    assert load_space(str(tmp_path / "space.toml")).size == 2


def test_random_settings_are_each_drawn_once_and_the_same_for_the_same_seed():
    space = new_space({"detector.k": {"low": 1, "high": 9, "int": True}, "encoder.r": R})
    drawn = DistinctSettings(space).some(200, np.random.default_rng(0))
    assert len({tuple(setting.values()) for setting in drawn}) == 200
    assert drawn == DistinctSettings(space).some(200, np.random.default_rng(0))
    assert len(DistinctSettings(new_space({"detector.k": {"grid": [1, 2]}})).some(9, np.random.default_rng(0))) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"detector.kk": {"grid": [1]}}, "a recipe has no field 'detector.kk'; did you mean 'detector.k'?"),
        ({"detektor.k": {"grid": [1]}}, "a recipe has no field 'detektor.k'; did you mean 'detector.k'?"),
        ({"threshold.quantil": {"grid": [0.9]}}, "did you mean 'threshold.quantile'"),
        ({"detector.k": {"grid": []}}, "detector.k: grid is empty: give at least one value"),
        ({"encoder.r": {"low": 1.1, "high": 0.0, "step": 0.01}}, "encoder.r: low = 1.1 lies above high = 0.0"),
        ({"encoder.r": {"low": -0.1, "high": 1.0, "step": 0.1}}, "encoder.r must lie between 0 .* got -0.1"),
        ({"encoder.r": {"grid": [0.5, -1]}}, "encoder.r must lie between 0 .* got -1"),
        ({"encoder.r": {"low": 0, "high": 1, "step": 0}}, "step = 0 must be above 0"),
        ({"encoder.r": {"low": 0, "high": 1, "step": 1e-9}}, "more than 100000 values"),
        ({"encoder.r": {"low": 0, "high": 1, "log": True}}, "low = 0 has no logarithm"),
        ({"encoder.r": {"low": 0}}, "low without high"),
        ({"encoder.r": {"grid": [1], "low": 0}}, "either grid, or choice, or low and high"),
        ({"encoder.r": [0, 1]}, "write { grid"),
        ({"encoder.r": {"grid": [1], "step": 1}}, "step means nothing beside it"),
        ({"encoder.r": {"grid": ["x"]}}, "encoder.r: .* 'x' is not a number"),
        ({"detector.k": {"grid": [0]}}, "detector.k: k = 0: must be a whole number, 1 or more"),
        ({"detector.k": {"grid": [2, 2]}}, "lists 2 twice"),
        ({"detector.k": {"low": 1, "high": 8}}, "is not a whole number; add int = true"),
        ({"detector.k": {"low": 0.5, "high": 8, "int": True}}, "int = true, but its ends"),
        ({"detector.n_components": {"grid": [1]}}, "detector kind 'memory_bank' has no such key"),
        ({"detector.kind": {"choice": ["gmm", "gm"]}}, "did you mean 'gmm'"),
        ({"detector.kind": {"choice": ["gmm"]}, "detector.k": {"grid": [1]}}, "detector kind 'gmm' has no such key"),
        ({"captions.k": {"grid": [1]}}, "no score depends on it"),
        ({"training.epochs": {"grid": [1]}}, "a search trains no encoder"),
        ({"encoder.batch_size": {"grid": [1]}}, "changes no embedding"),
        ({"detector.k": {"gird": [1]}}, "did you mean 'grid'"),
        ({}, "names no field"),
    ],
)
def test_a_space_that_cannot_be_is_refused_in_one_line(table, message):
    with pytest.raises(UsageError, match=message) as caught:
        new_space(table).check(BANK)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2


def test_every_field_that_a_score_depends_on_can_be_searched():
    space = {
        "encoder.r": R,
        "encoder.n_mels": {"grid": [64, 128]},
        "encoder.clip_seconds": {"grid": [5.0, 10.0]},
        "embedding.transform": {"choice": ["none", "log-zscore"]},
        "detector.kind": {"choice": ["memory_bank", "gmm", "kmeans"]},
        "detector.k": {"grid": [1, 4]},
        "detector.metric": {"choice": ["cosine", "euclidean"]},
        "detector.whitening": {"choice": ["none", "half"]},
        "detector.density": {"choice": ["none", "least"]},
        "detector.n_components": {"grid": [1, 2]},
        "detector.covariance": {"choice": ["full", "diag"]},
        "threshold.quantile": {"low": 0.8, "high": 0.99},
    }
    new_space(space).check(BANK)


def test_infinitely_many_values_can_be_drawn_but_not_walked():
    space = new_space({"threshold.quantile": {"low": 0.8, "high": 0.99}, "encoder.r": {"low": 0, "high": 1}})
    assert space.size is None
    assert 0.8 <= DistinctSettings(space).some(1, np.random.default_rng(0))[0]["threshold.quantile"] <= 0.99
    with pytest.raises(UsageError, match="threshold.quantile has no step"):
        space.grid()
    with pytest.raises(UsageError, match="encoder.r has no step"):
        space.encoder_settings()


def test_the_settings_of_encoders_are_those_of_the_encoders_fields_alone():
    space = new_space({"encoder.r": {"grid": [0, 1]}, "detector.k": {"low": 1, "high": 3, "int": True}})
    assert space.encoder_settings() == [{"encoder.r": 0}, {"encoder.r": 1}]
    assert new_space({"detector.k": {"grid": [1]}}).encoder_settings() == [{}]


def test_the_space_of_fs_twfr_gmm_has_111_values_of_r_and_its_recipe_has_none_of_them():
    space = load_space("fs-twfr-gmm")
    assert built_in_spaces().keys() == {"fs-twfr-gmm"} and space.size == 111
    assert [next(iter(space.grid()))["encoder.r"], space.dimensions[0].values[-1]] == [0.0, 1.1]
    recipe = load_recipe("fs-twfr-gmm")
    space.check(recipe)
    assert set(changed_fields(recipe, list(space.grid()))) == {1}  # so that of equal settings the smallest r wins
