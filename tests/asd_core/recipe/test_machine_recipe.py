import pytest

from asd_core.detectors.gmm import GmmConfig
from asd_core.errors import UsageError
from asd_core.recipe.machine_recipe import (
    ADDED_LATER,
    NO_HEAD_NOTE,
    dotted,
    is_outdone,
    keys_of,
    laid_over,
    machine_recipe,
    takes_key,
)
from asd_core.recipe.recipe import Recipe


def test_tables_left_out_have_their_defaults():
    recipe = machine_recipe({})
    assert (recipe.encoder.kind, recipe.detector, recipe.embedding.transform) == ("twfr", GmmConfig(), "none")


def test_scores_depend_on_all_but_captions():
    plain, other = machine_recipe({}), machine_recipe({"captions": {"k": 2}})
    assert plain != other and plain.of_scores() == other.of_scores()
    assert list(plain.of_scores()) == ["encoder", "embedding", "detector", "threshold"]


def test_scores_depend_on_no_training():
    recipe = Recipe("mine", {})
    assert recipe.with_settings({"training.epochs": 20, "training.keep": [20]}).key() == recipe.key()
    own = Recipe("mine", {"machine": {"fan": {"training.seed": 1}}})
    assert own.key() == recipe.key() and own.for_machine("fan").training.seed == 1


def test_no_score_flag_or_key_depends_on_how_nights_become_alarms():
    plain, other = machine_recipe({}), machine_recipe({"alarm": {"false_alarms": 1.0, "persistence": [2, 3]}})
    assert other.alarm.persistence == (2, 3) and plain.judgement() == other.judgement()
    assert plain.of_scores() == other.of_scores() and "alarm" not in plain.of_scores()
    recipe = Recipe("mine", {"alarm": {"rule": "bh"}})
    assert recipe.key() == Recipe("mine", {}).key() and recipe.former_key() == Recipe("mine", {}).former_key()


@pytest.mark.parametrize("name", ADDED_LATER)
def test_a_field_added_later_changes_no_key_until_it_is_set(name):
    table, _, field = name.partition(".")
    bare = Recipe("mine", {"encoder": {"clip_rule": "segments"}})
    tables = bare.resolved()[""]
    assert field not in tables.get(table, {})
    if ADDED_LATER[name] is not None:
        assert bare.with_settings({name: ADDED_LATER[name]}).key() == bare.key()
    head = {"embedding.transform": "head", "embedding.head": "d41d8"}
    others = [{"encoder.hop_seconds": 5.0}, {"score.over": "mean"}, {"score.top_share": 0.5}]
    others += [head, head | {"detector.kind": "class_nll", "embedding.class_nll": True}]
    (other,) = (one for one in others if name == list(one)[-1])
    assert bare.with_settings(other).resolved()[""][table][field] == other[name]
    assert bare.with_settings(other).key() != bare.key()


def test_the_key_of_a_head_is_that_of_its_digest_wherever_it_lies():
    head = {"embedding": {"transform": "head", "head": "/one/trained/mine/d41d8"}}
    moved = {"embedding": {"transform": "head", "head": "s3://two/trained/mine/d41d8"}}
    assert Recipe("mine", head).key() == Recipe("mine", moved).key()
    retrained = {"embedding": {"transform": "head", "head": "/one/trained/mine/0beef"}}
    assert Recipe("mine", head).key() != Recipe("mine", retrained).key()


def test_the_class_nll_comes_from_its_detector_alone():
    head = {"transform": "head", "head": "d41d8"}
    assert machine_recipe({"embedding": head, "detector": {"kind": "class_nll"}}).embedding.class_nll
    assert not machine_recipe({"embedding": head}).embedding.class_nll
    with pytest.raises(UsageError, match='"class_nll" scores with a trained head: name one with --encoder NAME'):
        Recipe("mine", {"detector": {"kind": "class_nll"}}).key()


def test_scorers_depend_on_no_threshold_and_a_judgement_on_nothing_else():
    plain, other = machine_recipe({}), machine_recipe({"threshold": {"kind": "gamma", "quantile": 0.5}})
    assert plain.of_scorers() == other.of_scorers() == plain.of_scores() != other.of_scores()
    assert other.judgement() == {"threshold": {"kind": "gamma", "quantile": 0.5}}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"embedding": {"transform": "head"}}, "a head has both; train one with asd train"),
        ({"embedding": {"head": "x"}}, "a head has both; train one with asd train"),
        (
            {"embedding": {"transform": "head", "head": "x", "class_nll": True}},
            'class_nll goes with detector.kind = "class_nll"',
        ),
        (
            {"embedding": {"transform": "head", "head": "x"}, "detector": {"kind": "class_nll", "groups": 2}},
            "takes no detector.groups",
        ),
        (
            {"embedding": {"transform": "log-zscor"}},
            r"\[embedding\] transform = 'log-zscor'; did you mean 'log-zscore'",
        ),
        ({"detector": {"kind": "no.such:Detector"}}, r"\[detector\] kind = 'no.such:Detector' cannot be imported"),
        ({"threshold": {"quantil": 1}}, "did you mean 'quantile'"),
    ],
)
def test_a_wrong_table_is_refused(tables, message):
    with pytest.raises(UsageError, match=message):
        machine_recipe(tables)


TWFR = {"encoder": {"kind": "twfr", "r": 0.98}, "detector": {"kind": "memory_bank", "k": 2}}


def test_an_override_of_the_kind_drops_the_keys_that_only_the_other_kind_has():
    recipe = Recipe("mine", {**TWFR, "machine": {"fan": {"detector.kind": "gmm", "detector.seed": 3}}})
    assert recipe.for_machine("fan").detector == GmmConfig(seed=3)
    assert recipe.for_machine("pump").detector.k == 2
    with pytest.raises(UsageError, match="has no key 'k'"):
        Recipe("mine", {**TWFR, "machine": {"fan": {"detector.kind": "gmm", "detector.k": 1}}})


def test_an_override_of_the_kind_drops_values_that_it_does_not_take():
    recipe = Recipe("mine", {"encoder": {"clip_seconds": 10.0, "clip_rule": "crop", "channel": 1, "r": 0.9}})
    clap = Recipe("mine", {**recipe.settings, "machine": {"fan": {"encoder.kind": "clap"}}}).for_machine("fan").encoder
    assert (clap.clip_seconds, clap.clip_rule, clap.channel, clap.options) == (7.0, "windows", 1, "{}")


def test_settings_of_another_kind_mean_nothing_to_a_class_of_ones_own():
    tables = {"encoder": {"kind": "twfr", "n_mels": 64, "channel": 1}, "detector": {"kind": "gmm", "strict": True}}
    laid = laid_over(tables, {"encoder.kind": "own.sound:Mine", "detector.kind": "own.far:Mine", "detector.k": 1})
    assert laid == {
        "encoder": {"kind": "own.sound:Mine", "channel": 1},
        "detector": {"kind": "own.far:Mine", "k": 1},
    }


def test_changes_of_the_whole_recipe_outdo_the_same_field_and_the_fields_of_another_kind():
    changes = {"detector.kind": "gmm", "encoder.r": 1.0}
    outdone = [is_outdone(key, 1, changes, TWFR) for key in ("encoder.r", "encoder.n_mels", "detector.k", "captions.k")]
    assert outdone == [True, False, True, False]


def test_dotted_keys_and_tables_come_to_the_same_pairs():
    assert dotted({"encoder": {"r": 1}, "detector.k": 2}) == [("encoder.r", 1), ("detector.k", 2)]


def test_a_kind_is_asked_for_its_keys():
    assert takes_key("detector", "gmm", "n_components") and not takes_key("detector", "gmm", "k")
    assert takes_key("encoder", "twfr", "r") and not takes_key("encoder", "imported", "r")
    with pytest.raises(UsageError, match="did you mean 'gmm'"):
        takes_key("detector", "gm", "k")
    assert keys_of("encoder", "no.such:Encoder") is None
    with pytest.raises(UsageError, match="cannot be imported"):
        keys_of("detector", "no.such:Detector")


def test_named_groups_are_those_of_the_encoder():
    tables = {"encoder": {"r": [0.0, 1.0], "level": True}, "detector": {"kind": "memory_bank", "groups": "named"}}
    assert machine_recipe(tables).detector.named == (("r = 0", 128), ("r = 1", 128), ("level", 1))
    with pytest.raises(UsageError, match="embeddings of kind imported name no groups"):
        machine_recipe({**tables, "encoder": {"kind": "imported"}})


def test_a_recipe_without_groups_resolves_to_what_it_always_did():
    assert "groups" not in machine_recipe({"detector": {"kind": "gmm"}}).of_scores()["detector"]
    assert machine_recipe({"detector": {"groups": 4}}).of_scores()["detector"]["groups"] == 4


def test_a_recipe_of_heads_without_one_says_so():
    tables = {"training": {"trains": "embeddings"}}
    assert machine_recipe(tables).notes() == [NO_HEAD_NOTE]
    assert machine_recipe(tables | {"embedding": {"transform": "head", "head": "d41d8"}}).notes() == []
