import pytest

from asd_core.detectors.gmm import GmmConfig
from asd_core.errors import UsageError
from asd_core.recipe.machine_recipe import machine_recipe


def test_tables_left_out_have_their_defaults():
    recipe = machine_recipe({})
    assert (recipe.encoder.kind, recipe.detector, recipe.embedding.transform) == ("twfr", GmmConfig(), "none")


def test_scores_depend_on_all_but_captions():
    plain, other = machine_recipe({}), machine_recipe({"captions": {"k": 2}})
    assert plain != other and plain.of_scores() == other.of_scores()
    assert list(plain.of_scores()) == ["encoder", "embedding", "detector", "threshold"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"embedding": {"transform": "log-zscor"}},
            "transform = 'log-zscor'; did you mean 'log-zscore'",
        ),
        ({"detector": {"kind": "no.such:Detector"}}, r"\[detector\] kind = 'no.such:Detector' cannot be imported"),
        ({"threshold": {"quantil": 1}}, "did you mean 'quantile'"),
    ],
)
def test_a_wrong_table_is_refused(tables, message):
    with pytest.raises(UsageError, match=message):
        machine_recipe(tables)
