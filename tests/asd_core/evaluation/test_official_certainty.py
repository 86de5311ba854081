import numpy as np
import pytest

from asd_core.evaluation.dcase_scores import figures, official_score
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.official_certainty import figures_without_each, interval, standard_error

PROTOCOLS = ["dcase2020", "dcase2021", "dcase2022"]


def drawn(seed, n=24):
    rng = np.random.default_rng(seed)
    is_anomalous = np.arange(n) % 2 == 1
    domains = np.where(np.arange(n) % 3 == 0, "target", "source").astype(object)
    return LabelledClips(np.round(rng.standard_normal(n) + is_anomalous, 1), is_anomalous, domains)


def fleet(seed=0):
    return [("fan", drawn(seed)), ("fan", drawn(seed + 1)), ("valve", drawn(seed + 2, 30))]


def score_of(machines, protocol):
    return official_score([(kind, figures(clips, protocol)) for kind, clips in machines], protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_error_is_that_of_the_slow_twin_which_takes_the_score_anew_without_each_clip(protocol):
    machines, variance = fleet(), 0.0
    for place, (kind, clips) in enumerate(machines):
        for condition in (False, True):
            for domain in ("source", "target"):
                stratum = np.flatnonzero((clips.is_anomalous == condition) & (clips.domains == domain))
                others = [
                    score_of(
                        [
                            *machines[:place],
                            (kind, clips.where(np.arange(len(clips.domains)) != clip)),
                            *machines[place + 1 :],
                        ],
                        protocol,
                    )
                    for clip in stratum
                ]
                variance += (len(stratum) - 1) * np.var(others)
    assert standard_error(machines, protocol) == pytest.approx(variance**0.5, abs=1e-9)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_figures_without_a_clip_are_those_of_the_others(protocol):
    clips = drawn(5)
    found = figures_without_each(clips, protocol)
    for place in range(len(clips.domains)):
        anew = figures(clips.where(np.arange(len(clips.domains)) != place), protocol)
        assert {name: values[place] for name, values in found.items()} == pytest.approx(anew, abs=1e-12)


def test_the_error_is_the_spread_of_the_score_over_draws():
    def many(seed):
        return [("fan", drawn(seed, 120)), ("valve", drawn(seed + 1000, 120))]

    spread = np.std([score_of(many(seed), "dcase2022") for seed in range(200)])
    errors = [standard_error(many(seed), "dcase2022") for seed in range(20)]
    assert np.mean(errors) == pytest.approx(spread, rel=0.2)


def test_a_single_clip_of_a_stratum_leaves_the_error_unknown_and_no_machine_has_none():
    few = LabelledClips(np.array([0.0, 1.0, 2.0]), np.array([False, False, True]), np.array(["", "", ""], object))
    assert standard_error([("fan", few)], "dcase2020") is None
    assert standard_error([], "dcase2022") is None


def test_an_interval_stays_within_what_a_score_can_be():
    assert interval(0.5, 0.1) == pytest.approx((0.304, 0.696), abs=1e-3)
    assert interval(0.99, 0.1)[1] == 1.0 and interval(0.01, 0.1)[0] == 0.0
