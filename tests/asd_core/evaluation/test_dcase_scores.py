import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from asd_core.evaluation.dcase_scores import figures, machine_score, official_score
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.metrics import OneClassError

SHARES = st.dictionaries(st.sampled_from(["auc_source", "auc_target", "pauc"]), st.floats(0.1, 1.0), min_size=3)


def some_clips(seed=0, n=120):
    rng = np.random.default_rng(seed)
    is_anomalous = rng.random(n) < 0.5
    scores = np.round(rng.normal(size=n) + is_anomalous, 1)  # rounded: ties
    return LabelledClips(scores, is_anomalous, np.array(["source", "target"], dtype=object)[rng.integers(2, size=n)])


def sklearn_auc(clips, keep, **options):
    return roc_auc_score(clips.is_anomalous[keep], clips.anomaly_scores[keep], **options)


def test_since_2022_a_domain_is_its_normals_against_all_anomalies():
    clips = some_clips()
    got = figures(clips, "dcase2022")
    for domain in ("source", "target"):
        keep = clips.is_anomalous | (clips.domains == domain)
        assert got[f"auc_{domain}"] == pytest.approx(sklearn_auc(clips, keep))
    everything = np.full(len(clips.domains), True)
    assert got["pauc"] == pytest.approx(sklearn_auc(clips, everything, max_fpr=0.1))
    assert len(got) == 3


def test_in_2021_each_domain_is_on_its_own():
    clips = some_clips(1)
    got = figures(clips, "dcase2021")
    for domain in ("source", "target"):
        keep = clips.domains == domain
        assert got[f"auc_{domain}"] == pytest.approx(sklearn_auc(clips, keep))
        assert got[f"pauc_{domain}"] == pytest.approx(sklearn_auc(clips, keep, max_fpr=0.1))
    assert len(got) == 4


def test_in_2020_domains_do_not_matter():
    clips = some_clips(2)
    without = LabelledClips(clips.anomaly_scores, clips.is_anomalous, np.full(len(clips.domains), ""))
    assert figures(clips, "dcase2020") == figures(without, "dcase2020")
    assert figures(clips, "dcase2020").keys() == {"auc", "pauc"}


def test_a_target_anomaly_counts_for_the_source_auc_only_since_2022():
    clips = LabelledClips(
        np.array([1.0, 2.0, 0.0, 1.0, 3.0, 2.5]),
        np.array([False, True, True, False, True, False]),
        np.array(["source", "source", "target", "target", "target", "source"]),
    )
    assert figures(clips, "dcase2021")["auc_source"] == 1 / 2  # 2.0 beats 1.0 of 1.0 and 2.5
    assert figures(clips, "dcase2022")["auc_source"] == 3 / 6  # and 3.0 beats both, 0.0 none


def test_the_score_of_2020_weighs_machine_types_alike():
    ids = [("fan", {"auc": 1.0, "pauc": 0.8})] * 3 + [("pump", {"auc": 0.6, "pauc": 0.5})]
    assert official_score(ids, "dcase2020") == pytest.approx((0.9 + 0.55) / 2)


@given(st.lists(SHARES, min_size=1, max_size=8))
def test_since_2021_the_score_is_the_harmonic_mean_of_the_machines_scores(machines):
    own = [machine_score(machine, "dcase2022") for machine in machines]
    expected = len(own) / sum(1 / score for score in own)
    assert official_score([("fan", machine) for machine in machines], "dcase2022") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("auc_source", "auc_target", "pauc", "published"),
    [
        (0.74235, 0.52538, 0.55174, 0.59255),
        (0.78711, 0.53091, 0.56821, 0.61051),
        (0.71506, 0.50580, 0.51723, 0.56508),
        (0.67182, 0.51441, 0.53240, 0.56489),
    ],
)
def test_the_published_baselines_of_2023_and_2024_add_up(auc_source, auc_target, pauc, published):
    machine = {"auc_source": auc_source, "auc_target": auc_target, "pauc": pauc}
    assert official_score([("all machines", machine)], "dcase2022") == pytest.approx(published, abs=1e-5)


def test_no_machines_have_no_score():
    assert official_score([], "dcase2022") is None


@pytest.mark.parametrize(
    ("protocol", "drop", "message"),
    [
        ("dcase2020", lambda clips: ~clips.is_anomalous, "no normal clips"),
        ("dcase2022", lambda clips: clips.is_anomalous, "no anomalous clips$"),
        ("dcase2022", lambda clips: ~clips.is_anomalous & (clips.domains == "target"), "no normal clips of the target"),
        (
            "dcase2021",
            lambda clips: clips.is_anomalous & (clips.domains == "source"),
            "no anomalous clips of the source",
        ),
    ],
)
def test_a_class_that_is_missing_is_named_with_its_domain(protocol, drop, message):
    clips = some_clips()
    with pytest.raises(OneClassError, match=message):
        figures(clips.where(~drop(clips)), protocol)
