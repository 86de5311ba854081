import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from asd_core.evaluation.labelled_clips import as_training, clips_by_machine

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "machine_type": st.sampled_from(["fan", "pump"]),
            "machine_id": st.sampled_from(["00", "02"]),
            "split": st.sampled_from(["train", "test", ""]),
            "domain": st.sampled_from(["source", "target", ""]),
            "condition": st.sampled_from(["normal", "anomalous", ""]),
            "anomaly_score": st.sampled_from([0.0, 1.0, float("nan"), None]),
            "is_flagged": st.sampled_from([True, False, None]),
            "level_deviation_db": st.sampled_from([0.0, 6.0, None]),
        }
    ),
    min_size=1,
    max_size=20,
)


@given(ROWS)
def test_every_row_is_counted_exactly_once(rows):
    machines = clips_by_machine(pa.Table.from_pylist(rows))
    for machine in machines:
        mine = [
            row
            for row in rows
            if (row["machine_type"], row["machine_id"]) == (machine.machine_type, machine.machine_id)
        ]
        assert sum(vars(machine.counts).values()) == len(mine)
    assert sum(sum(vars(machine.counts).values()) for machine in machines) == len(rows)


@given(ROWS)
def test_only_scored_labelled_test_clips_are_compared(rows):
    table = pa.Table.from_pylist(rows)
    for machine in clips_by_machine(table):
        kept = [
            (row["anomaly_score"], row["condition"] == "anomalous", row["domain"])
            for row in rows
            if (row["machine_type"], row["machine_id"]) == (machine.machine_type, machine.machine_id)
            and row["split"] != "train"
            and row["condition"] != ""
            and row["anomaly_score"] in (0.0, 1.0)
        ]
        clips = machine.clips
        assert list(zip(clips.anomaly_scores, clips.is_anomalous, clips.domains, strict=True)) == kept
        assert machine.counts.normal + machine.counts.anomalous == len(kept) == len(machine.flagged)


@given(ROWS, st.sets(st.integers(0, 19)))
def test_clips_that_a_scorer_was_fitted_on_are_counted_as_training(rows, learnt):
    table = pa.Table.from_pylist([row | {"uri": f"file:///{i}"} for i, row in enumerate(rows)])
    marked = as_training(table, {f"file:///{i}" for i in learnt})
    expected = ["train" if i in learnt else row["split"] for i, row in enumerate(rows)]
    assert marked["split"].to_pylist() == expected
    assert sum(machine.counts.training for machine in clips_by_machine(marked)) == expected.count("train")


def test_a_missing_decision_is_not_a_number():
    row = {"machine_type": "fan", "machine_id": "00", "split": "test", "domain": "", "condition": "normal"}
    row |= {"anomaly_score": 1.0, "level_deviation_db": 0.0}
    table = pa.Table.from_pylist([row | {"is_flagged": flag} for flag in (True, None, False)])
    flagged = clips_by_machine(table)[0].flagged
    assert [str(value) for value in flagged] == ["1.0", "nan", "0.0"]
