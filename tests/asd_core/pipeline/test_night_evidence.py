import numpy as np
import pyarrow as pa
import pytest

from asd_core.alarms.calibration import calibrate
from asd_core.alarms.machine_nights import machine_nights
from asd_core.pipeline.fitted_nights import FITTED_NIGHTS
from asd_core.pipeline.night_evidence import FLEET, SCORES_READ, learnt_fleet, night_evidence
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.store.alarm_schemas import EVIDENCE
from asd_core.store.tables import SCORES
from tests.asd_core.pipeline.nights import fitted_rows

MACHINES = [("fan", "00"), ("fan", "01"), ("pump", "00")]
VERSIONS = {scorer_folder("key", *machine): "v1" for machine in MACHINES}
NIGHTS, CLIPS = 12, 5
LEARNT = np.random.default_rng(0).normal(size=(3, NIGHTS, CLIPS))


def fitted(left_out="night"):
    return fitted_rows(LEARNT, list(VERSIONS), left_out)


def scores_of(rows):
    """Rows of (machine, score, version); a score of None is an error."""
    names = [f"file:///{number}" for number in range(len(rows))]
    columns = {
        "machine_type": [machine[0] for machine, _, _ in rows],
        "machine_id": [machine[1] for machine, _, _ in rows],
        "uri": names,
        "anomaly_score": [score for _, score, _ in rows],
        "is_flagged": [None if score is None else score > 2 for _, score, _ in rows],
        "level_db": [None if score is None else -10.0 - number for number, (_, score, _) in enumerate(rows)],
        "error_reason": ["empty" if score is None else None for _, score, _ in rows],
        "scorer_version": [version for _, _, version in rows],
    }
    return pa.table(columns, schema=pa.schema([SCORES.field(name) for name in SCORES_READ]))


def night(*scores, machine=MACHINES[0], version="v1"):
    return [(machine, score, None if score is None else version) for score in scores]


def test_nights_lie_on_the_scale_of_the_nights_that_their_machine_learnt():
    rows = night(0.1, 4.0, 0.5) + night(0.0, 0.3, machine=MACHINES[2])
    found = night_evidence(learnt_fleet(fitted(), VERSIONS), "key", "2026-11-01", scores_of(rows[::-1]))
    assert found.schema.equals(EVIDENCE) and found["machine_type"].to_pylist() == ["fan", "pump"]
    own = np.repeat(np.arange(3), NIGHTS * CLIPS)
    learnt = calibrate(machine_nights(LEARNT.ravel(), own, np.tile(np.repeat(np.arange(NIGHTS), CLIPS), 3)), 3)
    tonight = machine_nights(np.array([0.1, 4.0, 0.5, 0.0, 0.3]), np.array([0, 0, 0, 2, 2]), np.zeros(5))
    for name, values in zip(("z_mean", "z_worst"), learnt.standardise(tonight), strict=True):
        np.testing.assert_allclose(found[name].to_numpy(), values)
    assert found["calibration_nights"].to_pylist() == [12, 12]


def test_clips_errors_flags_and_the_worst_clip_are_counted():
    (row,) = night_evidence(
        learnt_fleet(fitted(), VERSIONS), "key", "2026-11-01", scores_of(night(0.5, None, 3.0, 2.5))
    ).to_pylist()
    assert (row["clips"], row["errors"], row["flagged"]) == (3, 1, 2)
    assert (row["night_mean"], row["worst"], row["worst_uri"]) == (2.0, 3.0, "file:///2")
    assert row["level_db"] == pytest.approx(-(10 + 12 + 13) / 3) and row["scorer_version"] == "v1"


@pytest.mark.parametrize(
    "rows",
    [
        night(None, None),
        night(0.5, machine=("valve", "00"), version=None),
        night(0.5, machine=("valve", "00")),
        night(0.5, version="v9"),
    ],
)
def test_a_night_that_nothing_is_known_of_is_a_row_all_the_same(rows):
    (row,) = night_evidence(learnt_fleet(fitted(), VERSIONS), "key", "2026-11-01", scores_of(rows)).to_pylist()
    assert row["z_mean"] is None and row["z_worst"] is None


def test_a_night_that_was_learnt_is_told_by_its_scores_without_it():
    learnt = learnt_fleet(fitted(), VERSIONS)
    (row,) = night_evidence(learnt, "key", "2026-10-03", scores_of(night(-90.0, -90.0))).to_pylist()
    place = np.flatnonzero((learnt.nights.machines == 0) & (learnt.nights.nights == 2))
    assert [row["z_mean"]] == learnt.calibration.null_means[place].tolist() and row["night_mean"] == -90.0


def test_of_two_scorers_the_one_of_most_clips_is_taken():
    rows = night(9.0, version="v0") + night(0.5, 0.6)
    (row,) = night_evidence(learnt_fleet(fitted(), VERSIONS), "key", "2026-11-01", scores_of(rows)).to_pylist()
    assert (row["scorer_version"], row["clips"], row["worst"]) == ("v1", 2, 0.6)


def test_clips_that_were_left_out_alone_tell_of_no_night():
    learnt = learnt_fleet(fitted("clip"), VERSIONS)
    (row,) = night_evidence(learnt, "key", "2026-11-01", scores_of(night(0.5))).to_pylist()
    assert row["z_mean"] is None and row["calibration_nights"] == 1  # which can only be one that is alone


def test_a_change_of_level_is_against_the_nights_that_were_learnt():
    wobble = np.repeat(np.tile([-1.0, 1.0], NIGHTS // 2), CLIPS)
    levels = pa.array(np.tile(-20.0 + wobble, 3))
    rows = fitted()
    learnt = learnt_fleet(rows.set_column(rows.schema.get_field_index("level_db"), "level_db", levels), VERSIONS)
    assert learnt.levels.tolist() == np.tile([-21.0, -19.0], 3 * NIGHTS // 2).tolist() and learnt.pool_name(0) == FLEET
    scores = scores_of(night(0.5) + night(0.5, machine=("valve", "00")))
    known, unknown = night_evidence(learnt, "key", "2026-11-01", scores).to_pylist()
    assert known["level_change_db"] == pytest.approx(10.0) and known["level_p_value"] < 1e-4
    assert unknown["level_change_db"] is None and unknown["level_p_value"] is None


def test_a_fleet_that_learnt_nothing_decides_nothing():
    learnt = learnt_fleet(FITTED_NIGHTS.empty_table(), {})
    found = night_evidence(learnt, "key", "2026-11-01", scores_of(night(0.5)))
    assert found["z_mean"].to_pylist() == [None]
