import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose

from asd_core.errors import UsageError
from asd_core.evaluation.dcase_scores import figures, official_score
from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.metrics import OneClassError, auc, harmonic_mean, pauc
from asd_core.evaluation.objectives import FIGURES, OBJECTIVES, figures_of, objective_values
from asd_core.store.tables import SCORES


def machine(seed, domains=("source", "target")):
    rng = np.random.default_rng(seed)
    is_anomalous = np.arange(80) % 2 == 1
    return LabelledClips(rng.normal(size=80) + is_anomalous, is_anomalous, rng.choice(domains, 80))


def combined(name, machines):
    """The objective of one setting over (machine type, figures by name) of some machines."""
    values = np.array([[[own[figure] for figure in FIGURES]] for _, own in machines])
    return objective_values(name, [machine_type for machine_type, _ in machines], values)[0]


def rows(machines):
    return [(kind, figures_of(clips)) for kind, clips in machines]


def test_a_domains_auc_is_its_normals_against_all_anomalies():
    clips = machine(0)
    found = figures_of(clips)
    keep = clips.is_anomalous | (clips.domains == "source")
    assert found["auc_source"] == auc(clips.anomaly_scores[keep], clips.is_anomalous[keep])
    assert found["pauc"] == pauc(clips.anomaly_scores, clips.is_anomalous)
    assert np.isnan(figures_of(machine(0, ["source"]))["auc_target"])
    with pytest.raises(OneClassError):
        figures_of(clips.where(clips.is_anomalous))


def test_the_official_objective_is_what_evaluate_prints():
    machines = [("fan", machine(0)), ("fan", machine(1)), ("pump", machine(2))]
    expected = official_score([(kind, figures(clips, "dcase2022")) for kind, clips in machines], "dcase2022")
    assert_allclose(combined("official", rows(machines)), expected)
    machines = [("fan", machine(0, [""])), ("fan", machine(1, [""])), ("pump", machine(2, [""]))]
    expected = official_score([(kind, figures(clips, "dcase2020")) for kind, clips in machines], "dcase2020")
    assert_allclose(combined("official", rows(machines)), expected)


def test_the_sum_of_twfr_takes_harmonic_means_over_machines():
    machines = rows([("fan", machine(0)), ("fan", machine(1))])
    names = ("auc_source", "auc_target", "pauc")
    expected = sum(harmonic_mean([figures[name] for _, figures in machines]) for name in names)
    assert_allclose(combined("twfr-sum", machines), expected)


def test_without_domains_plain_auc_takes_their_place():
    plain = figures_of(machine(0, [""]))
    assert_allclose(combined("twfr-sum", [("fan", plain)]), 2 * plain["auc"] + plain["pauc"])


def scored_rows(kind, number, clips):
    conditions = np.where(clips.is_anomalous, "anomalous", "normal")
    columns = zip(clips.anomaly_scores, conditions, clips.domains, strict=True)
    return [
        {
            "clip_id": "",
            "uri": f"file:///{kind}/{number}/{place}",
            "machine_type": kind,
            "machine_id": str(number),
            "split": "test",
            "domain": domain,
            "attributes": "",
            "condition": condition,
            "date": "undated",
            "size": 1,
            "extra": "{}",
            "anomaly_score": score,
            "is_flagged": False,
        }
        for place, (score, condition, domain) in enumerate(columns)
    ]


@pytest.mark.parametrize(
    "domains",
    [
        [["source", "target"], ["source", "target"], ["source", "target"]],
        [["source", "target"], ["source"], ["source", "target"]],
        [["source", "target"], [""], ["target"]],
        [["source"], ["target"], ["source"]],
        [["source"], ["source"], ["source"]],
        [[""], [""], [""]],
    ],
)
def test_the_official_objective_equals_evaluate_where_machines_lack_a_domain(domains):
    machines = [(kind, machine(place, domains[place])) for place, kind in enumerate(("fan", "fan", "pump"))]
    table = [row for place, (kind, clips) in enumerate(machines) for row in scored_rows(kind, place, clips)]
    found = evaluate(pa.Table.from_pylist(table, SCORES))
    assert combined("official", rows(machines)) == pytest.approx(found.official_score, abs=1e-12)


def test_a_machine_whose_anomalies_alone_have_a_domain_lacks_it_for_both():
    clips = machine(0, ["source"])
    clips.domains[clips.is_anomalous] = "target"
    found = evaluate(pa.Table.from_pylist(scored_rows("fan", 0, clips), SCORES))
    assert found.protocol == "dcase2020"
    assert combined("official", rows([("fan", clips)])) == pytest.approx(found.official_score)


def test_many_settings_at_once_are_as_one_by_one_and_a_missing_machine_leaves_none():
    names = ("auc", "pauc", "auc_source", "auc_target")
    machines = [[figures_of(machine(10 * k + s)) for s in range(5)] for k in range(3)]
    array = np.array([[[figures[name] for name in names] for figures in settings] for settings in machines])
    array[1, 3] = np.nan
    for name in OBJECTIVES:
        many = objective_values(name, ["a", "a", "b"], array)
        one = [combined(name, [("a", machines[0][s]), ("a", machines[1][s]), ("b", machines[2][s])]) for s in range(5)]
        assert_allclose(np.delete(many, 3), np.delete(one, 3))
        assert np.isnan(many[3])


def test_an_unknown_objective_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'official'"):
        combined("oficial", rows([("fan", machine(0))]))


def reference_sum(machine_types):
    """The criterion of TWFR-GMM's search, written out: of each machine type by itself, sections one by one."""
    sums = {}
    for kind, sections in machine_types.items():
        source, target, low = [], [], []
        for clips in sections:
            scores, labels, domains = clips.anomaly_scores, clips.is_anomalous, clips.domains
            anomalies = scores[labels]  # of both domains
            for values, domain in ((source, "source"), (target, "target")):
                normals = scores[~labels & (domains == domain)]
                above = (anomalies[:, None] > normals).mean() + 0.5 * (anomalies[:, None] == normals).mean()
                values.append(above)
            low.append(mcclish(scores[~labels], anomalies, 0.1))
        sums[kind] = sum(len(values) / sum(1 / value for value in values) for values in (source, target, low))
    return sums


def mcclish(normals, anomalies, most):
    """pAUC as McClish standardises it: the area below the ROC's straight pieces up to ``most``, by hand."""
    thresholds = sorted({*normals, *anomalies}, reverse=True)
    points = [(0.0, 0.0)] + [((normals >= t).mean(), (anomalies >= t).mean()) for t in thresholds]
    area = 0.0
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x1 > most:
            y1, x1 = (y0 + (y1 - y0) * (most - x0) / (x1 - x0), most) if x0 < most else (y1, x0)
        area += (x1 - x0) * (y0 + y1) / 2
    return 0.5 * (1 + (area - most**2 / 2) / (most - most**2 / 2))


def test_the_sum_of_twfr_is_the_references_for_each_machine_type():
    machine_types = {"fan": [machine(seed) for seed in (0, 1, 2)], "pump": [machine(3)]}
    for kind, expected in reference_sum(machine_types).items():
        assert_allclose(combined("twfr-sum", rows([(kind, clips) for clips in machine_types[kind]])), expected)


def test_one_domain_of_normals_leaves_its_auc_twice():
    clips = machine(0, ["source"])
    clips.domains[clips.is_anomalous] = "target"
    own = figures_of(clips)
    assert_allclose(combined("twfr-sum", [("fan", own)]), 2 * own["auc"] + own["pauc"])
    assert own["auc"] == own["auc_source"]
