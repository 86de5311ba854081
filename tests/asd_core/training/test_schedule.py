import pytest

from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [("constant", [0.5, 1, 1, 1, 1]), ("linear", [0.5, 1, 1, 0.75, 0.25]), ("cosine", [0.5, 1, 1, 0.853553, 0.146447])],
)
def test_the_rate_rises_over_the_warm_up_and_then_follows_the_schedule(schedule, rates):
    config = TrainingConfig(learning_rate=1.0, warmup_steps=2, schedule=schedule)
    found = [learning_rate(config, step, 6) for step in (0, 1, 2, 3, 5)]
    assert found == pytest.approx(rates, abs=1e-6)
