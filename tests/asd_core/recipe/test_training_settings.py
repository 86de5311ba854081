import pytest

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.settings import from_mapping


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"labels": []}, "at least one part"),
        ({"labels": ["domain", "domain"]}, "none twice"),
        ({"labels": ["domian"]}, "did you mean 'domain'"),
        ({"mixup": 1.5}, "a probability, from 0 to 1, got 1.5"),
        ({"batch_size": 0}, "1 or more"),
        ({"head_hidden": [64, 0]}, r"head_hidden\[1\] = 0: must be a whole number, 1 or more"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"scale": -1.0}, "above 0"),
        ({"margin": -0.1}, "0 or more"),
        ({"validation_share": 1.0}, "below 1"),
        ({"keep": [14, 12]}, "rising order"),
        ({"epochs": 2}, "names epoch 16, and training.epochs = 2"),
    ],
)
def test_a_wrong_value_is_refused(table, message):
    with pytest.raises(UsageError, match=message):
        from_mapping(TrainingConfig, table, "[training]")


def test_any_combination_of_labels_is_taken():
    assert from_mapping(TrainingConfig, {"labels": ["section"], "epochs": 1, "keep": []}, "").labels == ("section",)
