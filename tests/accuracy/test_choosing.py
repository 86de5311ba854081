import pytest

from asd_core.evaluation.choice_on_halves import choose_on_halves
from tests.accuracy.choosing import PLAIN, SPACE, SPLITS, scored


@pytest.fixture(scope="module")
def on_real_features(real_data):
    settings = list(SPACE.grid())
    return choose_on_halves(scored(real_data, settings), settings.index(PLAIN), SPLITS)


@pytest.mark.slow
@pytest.mark.parametrize("per", ["by_type", "by_machine"])
def test_settings_chosen_on_one_half_of_the_real_features_hold_on_the_other(on_real_features, per):
    chosen = getattr(on_real_features, per).mean()
    assert chosen >= on_real_features.plain.mean() + 0.04
    assert chosen >= on_real_features.for_all.mean() - 0.002
