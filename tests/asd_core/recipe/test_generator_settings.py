import pytest

from asd_core.errors import UsageError
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.recipe import load_recipe
from asd_core.settings import from_mapping


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "audiogen"}, "audioldm"),
        ({"size": "huge"}, "tiny"),
        ({"steps": 0}, "1 or more"),
        ({"seed": -1}, "0 or more"),
        ({"seconds": 0.0}, "above 0"),
        ({"guidance": -1.0}, "0 or more, got -1"),
        ({"unconditional": 1.1}, "a probability, from 0 to 1, got 1.1"),
        ({"peak": 0.0}, "above 0 and up to 1, got 0"),
        ({"weights": ""}, "generator.weights must be"),
    ],
)
def test_a_wrong_value_is_refused(table, message):
    with pytest.raises(UsageError, match=message):
        from_mapping(GeneratorConfig, table, "[generator]")


def test_no_key_depends_on_it():
    recipe = load_recipe("twfr-gmm")
    assert recipe.with_settings({"generator.steps": 5}).key() == recipe.key()
