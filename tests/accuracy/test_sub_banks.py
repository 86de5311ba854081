import pytest

from asd_core.evaluation.evaluate import evaluate
from tests.accuracy.sub_banks import RECIPES, scored, sliders


@pytest.mark.slow
def test_the_default_recipe_tells_real_sliders_at_least_as_well_as_loudness_and_as_was_asked_for(real_data):
    found = evaluate(scored(RECIPES["`fleet`"], *sliders(real_data)))
    aucs = {machine.machine_id: machine.auc for machine in found.machines}
    assert aucs["02"] >= 0.83 and aucs["06"] >= 0.94
    assert all(machine.auc >= machine.auc_level_only for machine in found.machines)
