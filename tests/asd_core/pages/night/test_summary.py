import pytest

from asd_core.errors import AsdError
from asd_core.pages.night.contents import Judgement
from asd_core.pages.night.summary import summarise

FAN, PUMP, VALVE = ("fan", "id_00"), ("pump", "id_01"), ("valve", "id_02")


def test_every_listed_clip_is_counted_as_scored_or_as_an_error(make):
    rows = [make.scored("a", 2.0), make.scored("b", 0.1), make.failed("c", "empty")]
    summary = summarise(make.night(rows, [make.record()]))
    assert (summary.n_listed, summary.n_scored, summary.n_errors, len(summary.flagged)) == (3, 2, 1, 1)


def test_machines_are_ordered_by_share_flagged_then_by_the_worst_excess_then_come_the_unheard(make):
    rows = [
        *[make.scored(f"p{i}", score, PUMP) for i, score in enumerate((1.1, 0.2))],
        *[make.scored(f"f{i}", score, FAN) for i, score in enumerate((3.0, 0.2))],
        *[make.scored(f"v{i}", 1.01, VALVE) for i in range(2)],
        make.scored("n", 0.1, ("normal", "")),
        make.failed("x", "empty", ("broken", "")),
    ]
    machines = [make.record(machine) for machine in (FAN, PUMP, VALVE, ("silent", ""), ("normal", ""), ("broken", ""))]
    names = [machine.name for machine in summarise(make.night(rows, machines)).machines]
    assert names == ["valve id_02", "fan id_00", "pump id_01", "normal", "broken", "silent"]


def test_alarms_and_watched_machines_come_first_by_evidence_whatever_is_flagged(make):
    machines = (FAN, PUMP, VALVE, ("normal", ""))
    rows = [
        make.scored(f"{machine[0]}", score, machine) for machine, score in zip(machines, (3, 0.2, 0.2, 2), strict=True)
    ]
    judged = {PUMP: ("act", 0), VALVE: ("watch", 1), FAN: ("within_chance", 2), ("normal", ""): ("not_decided", 3)}
    judgements = {machine: Judgement(tier, place, "") for machine, (tier, place) in judged.items()}
    summary = summarise(make.night(rows, map(make.record, machines), judgements=judgements))
    assert [machine.name for machine in summary.machines] == ["pump id_01", "valve id_02", "fan id_00", "normal"]


def test_machines_within_chance_are_ordered_by_evidence_not_by_how_far_their_clips_lie_out(make):
    rows = [make.scored("far", 9.0, FAN), make.scored("near", 1.1, PUMP)]
    judgements = {PUMP: Judgement("within_chance", 0, ""), FAN: Judgement("within_chance", 1, "")}
    summary = summarise(make.night(rows, map(make.record, (FAN, PUMP)), judgements=judgements))
    assert [machine.name for machine in summary.machines] == ["pump id_01", "fan id_00"]
    assert summary.tiers == {"act": 0, "watch": 0, "within_chance": 2, "not_decided": 0}


def test_flags_by_chance_add_up_over_the_machines_unless_one_share_is_unknown(make):
    rows = [make.scored("a", 2.0, FAN), make.scored("b", 0.1, PUMP)]
    for rate, expected in ((0.1, pytest.approx(0.15)), (None, None)):
        machines = [make.record(FAN), make.record(PUMP, false_alarm_rate=rate)]
        assert summarise(make.night(rows, machines)).expected_flagged == expected


@pytest.mark.parametrize(("normals", "quantile", "is_told"), [(8, 0.9, True), (9, 0.9, False), (1, None, False)])
def test_a_machine_of_too_few_normals_says_so_where_the_rule_is_known(make, normals, quantile, is_told):
    record = make.record(n_normal_clips=normals, quantile=quantile)
    (machine,) = summarise(make.night([make.scored("a", 2.0)], [record])).machines
    assert bool(machine.too_few_normals) is is_told


@pytest.mark.parametrize(("version", "borrows"), [("type/v000001-abcdef01", True), ("v000001-abcdef01", False)])
def test_a_machine_that_was_scored_by_its_type_borrows(make, version, borrows):
    (machine,) = summarise(make.night([make.scored("a", 2.0, scorer_version=version)])).machines
    assert machine.borrows is borrows


def test_a_machine_with_a_scorer_but_no_clip_is_silent_and_one_with_errors_only_is_not(make):
    summary = summarise(make.night([make.failed("a", "empty", PUMP)], [make.record(FAN), make.record(PUMP)]))
    assert [machine.name for machine in summary.in_state("silent")] == ["fan id_00"]
    assert [machine.name for machine in summary.in_state("unusable")] == ["pump id_01"]
    assert summary.n_heard == 0


def test_clips_of_a_machine_without_a_scorer_are_counted_too(make):
    summary = summarise(make.night([make.scored("a", 2.0, threshold=None)]))
    assert (summary.n_heard, summary.machines[0].state, summary.machines[0].record) == (1, "normal", None)


def test_flags_expected_by_chance_are_the_false_alarm_rate_times_the_scored_clips(make):
    rows = [make.scored(f"{i}", 0.1) for i in range(40)]
    summary = summarise(make.night(rows, [make.record(false_alarm_rate=0.05)]))
    assert summary.machines[0].expected_flagged == pytest.approx(2.0)


def test_clips_with_a_caption_are_shown_though_they_are_not_flagged(make):
    rows = [make.scored("a", 2.0), make.scored("b", 0.1), make.scored("c", 0.2), make.failed("d", "empty")]
    (machine,) = summarise(make.night(rows, [make.record()]), captioned={"a", "b", "c", "d"}).machines
    assert [clip.clip_id for clip in machine.flagged] == ["a"]
    assert [(clip.clip_id, clip.is_flagged) for clip in machine.others] == [("c", False), ("b", False)]


def test_a_table_without_a_column_is_refused_by_its_name(make):
    whole = make.night([make.scored("a", 2.0)])
    part = make.night([])
    object.__setattr__(part, "scores", whole.scores.drop_columns(["p_value"]))
    with pytest.raises(AsdError, match="p_value"):
        summarise(part)
