import pyarrow as pa
import pytest

from asd_core.detectors.gmm import GmmConfig
from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe, built_in_recipes, load_recipe

TWFR = {"encoder": {"kind": "twfr", "r": 0.98}, "detector": {"kind": "memory_bank", "k": 2}}


def test_every_built_in_recipe_loads_under_its_name():
    expected = ["fleet", "twfr-gmm", "twfr-gmm-strict", "twfr-knn", "twfr-density-knn"]
    expected += ["imported-knn", "imported-density-knn", "imported-gmm", "clap-knn", "clap-knn-random"]
    expected += ["multires", "multires-small", "anopatch", "anopatch-random"]
    expected += ["mn04-density-knn", "mn04-arcface"]
    expected += ["panns-knn", "openl3-knn", "head", "head-nll", "fs-twfr-gmm"]
    assert sorted(built_in_recipes()) == sorted(expected)
    for name in expected:
        assert load_recipe(name).name == name


def test_the_reference_has_two_components_and_no_fallback():
    detector = load_recipe("twfr-gmm-strict").for_machine("fan").detector
    assert (detector.n_components, detector.covariance, detector.score, detector.strict) == (
        2,
        "full",
        "max_component",
        True,
    )


def test_a_machine_type_may_override_any_setting():
    recipe = Recipe("mine", {**TWFR, "machine": {"fan": {"encoder.r": 0.5, "detector": {"k": 1}}}})
    assert '"r": 0.5' in recipe.for_machine("fan").encoder.options
    assert recipe.for_machine("fan").detector.k == 1
    assert recipe.for_machine("pump").detector.k == 2


def test_the_encoders_of_clips_are_those_of_their_machine_types():
    recipe = Recipe("mine", {**TWFR, "machine": {"fan": {"encoder.r": 0.5}, "valve": {"encoder.r": 0.1}}})
    encoders = recipe.encoders_of(pa.table({"machine_type": ["fan", "pump", "fan"]}))
    assert encoders == {kind: recipe.for_machine(kind).encoder for kind in ("fan", "pump")}


def test_an_edited_recipe_has_another_key_and_a_default_written_out_has_not():
    recipe = Recipe("mine", TWFR)
    assert recipe.key().startswith("mine-") and len(recipe.key()) == len("mine-") + 8
    assert recipe.with_settings({"detector.k": 3}).key() != recipe.key()
    assert recipe.with_settings({"encoder.r": 0.97}).key() != recipe.key()
    assert recipe.with_settings({"encoder.clip_seconds": 10.0}).key() == recipe.key()


def test_the_same_recipe_on_other_imported_embeddings_has_another_key():
    recipe = load_recipe("imported-knn")
    assert recipe.with_settings({"encoder.name": "a"}).key() != recipe.with_settings({"encoder.name": "b"}).key()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encodr": {}}, "has no key 'encodr'; did you mean 'encoder'"),
        ({"encoder": {"kind": "twrf"}}, "kind = 'twrf' is unknown; did you mean 'twfr'"),
        ({"encoder": {"rr": 1}}, "has no key 'rr'"),
        ({"encoder": {"r": -1}}, "encoder.r must lie between 0"),
        ({"encoder": {"kind": "no.such:Thing"}}, None),
        ({"detector": {"kind": "gm"}}, "did you mean 'gmm'"),
        ({"detector": {"kind": "gmm", "n_component": 2}}, "did you mean 'n_components'"),
        ({"machine": {"fan": {"encoder.q": 1}}}, "has no key 'q'"),
        ({"detector": 3}, "must be a table"),
        ({"machine": {"fan": 3}}, "machine.fan must be a table, got 3"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_nearest_right_one(settings, message):
    with pytest.raises(UsageError, match=message):
        Recipe("mine", settings).key()


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'twfr-gmm'"):
        load_recipe("twfr-gm")


def test_a_recipe_of_ones_own_is_a_path(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text("[encoder]\nr = 0.9\n[machine.fan]\nencoder.r = 0.5\n")
    recipe = load_recipe(str(path))
    assert recipe.name == "site" and '"r": 0.5' in recipe.for_machine("fan").encoder.options
    path.write_text("[encoder\n")
    with pytest.raises(UsageError, match="no valid TOML"):
        load_recipe(str(path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_recipe_may_begin_with_a_byte_order_mark(tmp_path, encoding):
    (tmp_path / "site.toml").write_bytes("[encoder]\r\nr = 0.9\r\n".encode(encoding))
    assert '"r": 0.9' in load_recipe(str(tmp_path / "site.toml")).for_machine("fan").encoder.options


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot read the recipe"):
        load_recipe(str(tmp_path / "none.toml"))


def test_the_recipe_of_one_machine_type_alone_comes_to_the_same():
    recipe = Recipe("mine", {**TWFR, "machine": {"fan": {"encoder.r": 0.5, "detector": {"k": 1}}}})
    alone = recipe.only_for("fan")
    assert "machine" not in alone.settings
    assert alone.for_machine("anything") == recipe.for_machine("fan")
    assert recipe.overrides("fan") == {"encoder.r": 0.5, "detector.k": 1}


def test_a_setting_of_the_whole_recipe_wins_over_those_of_machine_types():
    machines = {"fan": {"encoder.r": 0.5, "detector": {"k": 1}}, "pump": {"detector.k": 4}, "valve": {"encoder.r": 0.4}}
    recipe = Recipe("mine", {**TWFR, "machine": machines}).with_settings({"detector.k": 3, "encoder.r": None})
    assert [recipe.for_machine(kind).detector.k for kind in ("fan", "pump", "valve", "")] == [3, 3, 3, 3]
    assert (recipe.overrides("fan"), recipe.overrides("valve")) == ({"encoder.r": 0.5}, {"encoder.r": 0.4})
    assert list(recipe.settings["machine"]) == ["fan", "valve"]


def test_a_kind_for_the_whole_recipe_drops_what_machine_types_have_for_another():
    machines = {
        "fan": {"detector.kind": "memory_bank", "detector.k": 1, "detector.whitening": "half", "encoder.r": 0.5}
    }
    recipe = Recipe("mine", {"machine": machines}).with_settings({"detector.kind": "gmm"})
    assert recipe.for_machine("fan").detector == GmmConfig()
    assert recipe.overrides("fan") == {"encoder.r": 0.5}
    with pytest.raises(UsageError, match="kind = 3"):
        Recipe("mine", {"machine": machines}).with_settings({"encoder.kind": 3})


def test_tables_that_judge_or_explain_scores_have_no_part_in_the_key_whoever_they_are_for():
    recipe = Recipe("mine", TWFR)
    assert recipe.with_settings({"threshold.quantile": 0.99, "captions.k": 2}).key() == recipe.key()
    for own in ({"threshold.kind": "gamma"}, {"captions.k": 2}, {"threshold": {"quantile": 0.5}, "captions.k": 1}, {}):
        assert Recipe("mine", {**TWFR, "machine": {"fan": own}}).key() == recipe.key()
    fans = {"fan": {"encoder.r": 0.5}}
    assert Recipe("mine", {**TWFR, "machine": fans}).key() != recipe.key()
    judged = {"fan": {"encoder.r": 0.5, "threshold.quantile": 0.5}}
    assert Recipe("mine", {**TWFR, "machine": judged}).key() == Recipe("mine", {**TWFR, "machine": fans}).key()


def test_the_key_of_a_recipe_without_a_threshold_of_its_own_is_what_it_ever_was():
    assert load_recipe("twfr-knn").key() == load_recipe("twfr-knn").former_key()
    assert Recipe("mine", TWFR).key_tells_judgement()
    edited = Recipe("mine", TWFR).with_settings({"threshold.quantile": 0.95})
    assert edited.former_key() != edited.key() and not edited.key_tells_judgement()
    assert Recipe("mine", edited.settings, edited.former_key()).key_tells_judgement()


def test_a_judgement_names_the_machine_types_that_have_another():
    machines = {"fan": {"threshold.quantile": 0.5}, "pump": {"detector.k": 1}}
    judgement = Recipe("mine", {**TWFR, "machine": machines}).judgement()
    assert {kind: tables["threshold"]["quantile"] for kind, tables in judgement.items()} == {"": 0.9, "fan": 0.5}


def test_fs_twfr_gmm_is_the_paper_s_detector_and_generator():
    own = load_recipe("fs-twfr-gmm").for_machine("grinder")
    detector = own.detector
    assert (detector.n_components, detector.covariance, detector.score) == (2, "full", "max_component")
    assert (
        own.encoder.clip_seconds == 10.0 and own.encoder.clip_rule == "crop" and '"n_mels": 128' in own.encoder.options
    )
    assert (own.generator.ddim_steps, own.generator.guidance, own.generator.candidates) == (200, 3.5, 3)
