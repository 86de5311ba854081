import numpy as np
import pytest
from scipy.stats import rankdata

from asd_core.evaluation.dcase_scores import figures, official_score
from asd_core.evaluation.labelled_clips import LabelledClips
from tests.accuracy.ensembles import (
    Section,
    choose,
    fixed_half,
    officials,
    product_figures,
    random_halves,
    sections_of,
    standardised,
)

SYSTEMS = ["noise", "weak", "strong"]


def made(name, strengths, seed):
    """A section of 80 clips of two domains; each system tells anomalies apart by so many deviations."""
    generator = np.random.default_rng(seed)
    is_anomalous = np.arange(80) % 2 == 1
    domains = np.where(np.arange(80) // 2 % 2, "target", "source")
    scores = np.stack([generator.normal(size=80) + strength * is_anomalous for strength in strengths])
    return Section(("fan", name), scores, is_anomalous, domains, np.arange(80).astype(str))


SECTIONS = [made(f"{place:02d}", (0.0, 1.0, 1.2), place) for place in range(8)]


def test_official_scores_are_those_of_asd_evaluate():
    found = officials(SECTIONS, [own.scores for own in SECTIONS])
    for place in range(3):
        rows = [
            ("fan", figures(LabelledClips(own.scores[place], own.is_anomalous, own.domains), "dcase2022"))
            for own in SECTIONS
        ]
        assert found[place] == pytest.approx(official_score(rows, "dcase2022"))


def test_the_choice_leaves_noise_out_and_gains_on_sections_that_it_has_not_seen():
    choice = choose(SECTIONS, SYSTEMS, fixed_half(8), with_error=True)
    assert (choice.single, choice.members) == ("strong", 2)
    assert choice.gains[0] == choice.scores[1] - choice.scores[0] > 0
    assert all(0 < error < 0.1 for error in choice.errors)


def test_ranks_are_mean_ranks_within_a_section():
    section = SECTIONS[0]
    np.testing.assert_allclose(standardised(section)["rank"][1], rankdata(section.scores[1]) / 81)


def test_halves_are_halves():
    assert fixed_half(5).tolist() == [True, False, True, False, True]
    assert [half.sum() for half in random_halves(21, 3)] == [10, 10, 10]


@pytest.mark.slow
def test_published_systems_have_their_official_scores_and_their_mean_rank_its_own(real_data):
    import pyarrow.parquet as pq

    path = real_data / "dcase2022_scores" / "dev_scores.parquet"
    systems = list(dict.fromkeys(pq.read_table(path)["system"].to_pylist()))
    found = [round(score, 4) for score, _ in product_figures(path, systems).values()]
    assert found[:9] == [0.5784, 0.6405, 0.5923, 0.6089, 0.5881, 0.523, 0.5435, 0.5655, 0.5672]
    assert found[-1] == pytest.approx(0.6281, abs=2e-4)  # two systems have equal scores, whose order is open
    choice = choose(sections_of(path, systems), systems, fixed_half(21), with_error=False)
    assert len(choice.scores) == 5
