from dataclasses import replace

import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe
from asd_core.synthesis.validation import SimulatedConfig, Validation, simulated_validation, unchanged_clip
from asd_core.tuning.gather.machine_plan import machine_plans
from tests.asd_core.synthesis.clips_of import clips_of

RECIPE = Recipe("base", {"encoder": {"n_mels": 16}})
SETTINGS = [{"encoder.r": r} for r in (0.0, 0.5, 1.0)]
NORMALS = clips_of(["source"] * 12)
LABELLED = tuple(unchanged_clip(row, is_anomalous=True) for row in clips_of([""] * 3, name="odd").to_pylist())
REAL, SIMULATED = Validation(NORMALS, LABELLED), simulated_validation(NORMALS, SimulatedConfig())


def plan_of(validation, recipe=RECIPE, settings=SETTINGS):
    (plan,) = machine_plans(recipe, [validation], settings)
    return plan


def test_a_plan_has_the_clips_fitted_to_first_and_one_pass_for_all_r():
    plan = plan_of(REAL)
    assert (plan.machine_type, plan.machine_id, plan.normals) == ("fan", "00", 12)
    assert [clip.is_anomalous for clip in plan.clips] == [False] * 12 + [True] * 3
    assert [one.r for one in plan.passes] == [(0.0, 0.5, 1.0)]


def test_another_label_encoder_or_machine_has_another_name():
    mislabelled = Validation(NORMALS, tuple(replace(clip, is_anomalous=False) for clip in LABELLED))
    plans = [plan_of(REAL), plan_of(mislabelled), plan_of(SIMULATED), plan_of(REAL, settings=SETTINGS[:2])]
    assert len({plan.name for plan in plans}) == 4
    assert plans[0].clips_digest == plans[3].clips_digest != plans[1].clips_digest


def test_only_recordings_as_they_are_come_from_the_store_and_never_for_twfr():
    imported = Recipe("mine", {"encoder": {"kind": "imported", "name": "x"}})
    real = plan_of(REAL, imported, [{}])
    assert real.from_store == real.passes and real.from_audio == ()
    assert plan_of(REAL).from_audio == plan_of(REAL).passes
    with pytest.raises(UsageError, match="search with --validation real"):
        plan_of(SIMULATED, imported, [{}])
