import math
import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from asd_core.errors import UsageError
from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.labelled_clips import Counts
from asd_core.evaluation.metrics import harmonic_mean
from asd_core.store.tables import SCORES

needs_real_data = pytest.mark.skipif("ASD_REAL_DATA" not in os.environ, reason="ASD_REAL_DATA names no real data")


def score_row(machine_type="fan", condition="normal", score=0.0, **changes):
    row = {
        "clip_id": "0" * 32,
        "uri": "file:///archive/clip.wav",
        "machine_type": machine_type,
        "machine_id": "00",
        "split": "test",
        "domain": "",
        "attributes": "",
        "condition": condition,
        "date": "undated",
        "size": 1,
        "extra": "{}",
        "anomaly_score": score,
        "decision_threshold": 0.5,
        "is_flagged": None if score is None else score > 0.5,
    }
    return row | changes


def score_table(*rows):
    return pa.Table.from_pylist(list(rows), schema=SCORES)


def machine_rows(machine_type="fan", seed=0, n=60, domains=("",)):
    rng = np.random.default_rng(seed)
    return [
        score_row(
            machine_type,
            ("normal", "anomalous")[index % 2],
            round(rng.normal() + index % 2, 1),
            domain=domains[(index // 2) % len(domains)],
        )
        for index in range(n)
    ]


def test_a_machines_figures_are_those_of_scikit_learn():
    rows = machine_rows()
    labels, scores = [row["condition"] == "anomalous" for row in rows], [row["anomaly_score"] for row in rows]
    machine = evaluate(score_table(*rows)).machines[0]
    assert machine.auc == pytest.approx(roc_auc_score(labels, scores))
    assert machine.pauc == pytest.approx(roc_auc_score(labels, scores, max_fpr=0.1))


def test_decisions_are_the_stored_ones():
    rows = [
        score_row(condition="normal", score=0.9, is_flagged=False),
        score_row(condition="normal", score=0.1, is_flagged=True),
        score_row(condition="anomalous", score=0.0, is_flagged=True),
        score_row(condition="anomalous", score=1.0, is_flagged=True),
    ]
    decisions = evaluate(score_table(*rows)).machines[0].decisions
    assert (decisions.precision, decisions.recall, decisions.f1) == pytest.approx((2 / 3, 1.0, 0.8))
    assert decisions.false_alarm_rate == 0.5


def test_training_clips_errors_and_unknown_clips_change_no_figure():
    rows = machine_rows()
    beside = [
        score_row(score=9.0, split="train"),
        score_row(score=None, error_reason="empty", error="no samples"),
        score_row(condition="anomalous", score=math.nan),
        score_row(condition="anomalous", score=math.inf),
        score_row(condition="", score=9.0),
    ]
    before, after = (evaluate(score_table(*table)).machines[0] for table in (rows, beside + rows))
    assert after.counts == Counts(normal=30, anomalous=30, unlabelled=1, errors=3, training=1)
    assert (after.auc, after.pauc, after.decisions) == (before.auc, before.pauc, before.decisions)


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(shuffler):
    rows = machine_rows(domains=("source", "target")) + machine_rows("pump", 1, domains=("source", "target"))
    shuffled = shuffler.sample(rows, len(rows))
    assert evaluate(score_table(*shuffled)) == evaluate(score_table(*rows))


def test_a_machine_of_one_class_is_listed_and_takes_part_in_no_mean():
    rows = machine_rows()
    alone = evaluate(score_table(*rows))
    both = evaluate(score_table(*rows, score_row("pump"), score_row("valve", score=None)))
    assert [machine.note for machine in both.machines] == [
        "",
        "no anomalous clips",
        "no scored test clips of known condition",
    ]
    assert both.machines[1].auc is None
    assert (both.mean, both.harmonic_mean, both.official_score) == (
        alone.mean,
        alone.harmonic_mean,
        alone.official_score,
    )
    assert both.machines_scored == 1
    assert both.machines[1].decisions.false_alarm_rate == 0.0


def test_only_machines_of_one_class_have_no_score_at_all():
    evaluation = evaluate(score_table(score_row()))
    assert evaluation.official_score is evaluation.mean.auc is evaluation.mean_auc_standard_error is None


def test_a_machine_without_target_normals_keeps_its_auc_but_no_official_share():
    rows = [row for row in machine_rows(domains=("source", "target")) if row["domain"] == "source"]
    machine = evaluate(score_table(*rows), "dcase2022").machines[0]
    assert machine.auc is not None and machine.auc_source is not None
    assert machine.auc_target is machine.score is None
    assert machine.note == "no normal clips of the target domain"


def test_auto_follows_the_domains():
    assert evaluate(score_table(*machine_rows())).protocol == "dcase2020"
    assert evaluate(score_table(*machine_rows(domains=("source",)))).protocol == "dcase2020"
    assert evaluate(score_table(*machine_rows(domains=("source", "target")))).protocol == "dcase2022"


def test_auto_follows_the_folders_of_2021():
    rows = machine_rows(domains=("source", "target"))
    for row in rows:
        row["uri"] = f"file:///dev/fan/{row['domain']}_test/section_00_{row['domain']}_test_normal_0000.wav"
    assert evaluate(score_table(*rows)).protocol == "dcase2021"
    elsewhere = [row | {"uri": "file:///dev/fan/test/section_00_source_test_normal_0000_x.wav"} for row in rows]
    assert evaluate(score_table(*elsewhere)).protocol == "dcase2022"


def test_protocols_differ_in_what_a_domain_compares():
    table = score_table(*machine_rows(domains=("source", "target")))
    old, new = evaluate(table, "dcase2021").machines[0], evaluate(table, "dcase2022").machines[0]
    assert old.auc_source != new.auc_source
    assert old.score == pytest.approx(harmonic_mean([old.auc_source, old.auc_target, old.pauc_source, old.pauc_target]))
    assert new.score == pytest.approx(harmonic_mean([new.auc_source, new.auc_target, new.pauc]))
    assert new.pauc_source is None


def test_the_standard_error_of_the_mean_adds_variances():
    evaluation = evaluate(score_table(*machine_rows(), *machine_rows("pump", 1)))
    first, second = (machine.auc_standard_error for machine in evaluation.machines)
    assert evaluation.mean_auc_standard_error == pytest.approx(math.hypot(first, second) / 2)


def test_a_clip_without_a_decision_leaves_decisions_open():
    machine = evaluate(score_table(score_row("fan", "anomalous", 1.0, is_flagged=None), *machine_rows())).machines[0]
    assert machine.decisions.f1 is None
    assert machine.note == "clips without a decision: 1"


@pytest.mark.parametrize("rows", [[], [score_row(condition="")], [score_row(score=None)], [score_row(split="train")]])
def test_nothing_to_compare_is_refused_with_what_to_do(rows):
    with pytest.raises(UsageError, match=f"none of the {len(rows)} rows is a scored test clip known"):
        evaluate(score_table(*rows))


def test_an_unknown_protocol_is_refused_with_the_nearest_known():
    with pytest.raises(UsageError, match="unknown protocol 'dcase2023'; did you mean 'dcase202"):
        evaluate(score_table(*machine_rows()), "dcase2023")


def test_the_official_score_has_a_standard_error():
    rows = [score_row(condition=c, score=x) for c in ("normal", "anomalous") for x in (0.1, 0.5, 0.6)]
    evaluation = evaluate(score_table(*rows))
    assert evaluation.official_score_standard_error > 0 and evaluation.machines[0].pauc_standard_error > 0


def test_false_alarms_are_told_by_domain():
    rows = [score_row(domain="source", score=x) for x in (0.1, 0.9)] + [score_row(domain="target", score=0.9)]
    (machine,) = evaluate(score_table(*rows, score_row(condition="anomalous", domain="source", score=1.0))).machines
    rates = (machine.decisions_source.false_alarm_rate, machine.decisions_target.false_alarm_rate)
    assert rates == (0.5, 1.0)


def test_the_trivial_twin_shows_what_level_alone_tells():
    levels = {"normal": [0.1, 0.2], "anomalous": [3.0, 0.15]}
    rows = [score_row(condition=c, score=0.0, level_deviation_db=x) for c, xs in levels.items() for x in xs]
    evaluation = evaluate(score_table(*rows))
    assert evaluation.machines[0].auc == 0.5
    assert evaluation.machines[0].auc_level_only == evaluation.mean.auc_level_only == 0.75


def test_without_sound_there_is_no_trivial_twin():
    rows = [score_row(condition=c, score=0.0, level_deviation_db=x) for c, x in (("normal", 1.0), ("anomalous", None))]
    assert evaluate(score_table(*rows)).machines[0].auc_level_only is None
