import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.evaluation.opinion_scores import agreement, opinion_scores
from tests.asd_core.evaluation.ratings import listening_test, rating


def test_the_mos_of_an_id_is_the_mean_of_all_ratings_of_its_captions():
    scores = opinion_scores(listening_test())
    found = {(score.machine_type, score.machine_id, score.method): score.mos for score in scores.machines}
    assert found == {
        ("fan", "00", "hybrid"): 4.0,
        ("fan", "00", "text-decoder"): 2.5,
        ("pump", "02", "hybrid"): 3.0,
        ("pump", "02", "text-decoder"): pytest.approx(20 / 6),
    }
    assert {(score.ratings, score.clips, score.raters) for score in scores.machines} == {(6, 2, 3)}
    assert scores.machines[0].standard_deviation == pytest.approx((2 / 5) ** 0.5)


def test_a_method_is_summed_up_over_ids_and_counts_those_over_3():
    hybrid, decoder = opinion_scores(listening_test()).methods
    assert (hybrid.method, hybrid.mos, hybrid.median, hybrid.ids, hybrid.ids_over_3) == ("hybrid", 3.5, 3.5, 2, 1)
    assert (decoder.mos, decoder.ids_over_3, decoder.ratings, decoder.raters) == (pytest.approx(35 / 12), 1, 12, 3)


def test_the_scores_know_how_much_was_rated():
    scores = opinion_scores(listening_test())
    assert (scores.ratings, scores.captions, scores.clips, scores.raters) == (24, 8, 4, ("Ann", "Ben", "Cy"))
    assert scores.mos_of("hybrid") == [4.0, 3.0] and scores.mos_of("hybrid", "pump") == [3.0]


def test_captions_of_several_language_models_are_methods_apart():
    scores = opinion_scores([rating(4, llm="gpt"), rating(2, llm="other"), rating(3, method="acoustic", llm="")])
    assert [(method.method, method.mos) for method in scores.methods] == [
        ("hybrid (gpt)", 4.0),
        ("hybrid (other)", 2.0),
        ("acoustic", 3.0),
    ]


def test_the_order_of_the_ratings_does_not_matter():
    ratings = listening_test()
    assert opinion_scores(ratings[::-1]).methods == opinion_scores(ratings).methods


def test_agreement_is_krippendorffs_alpha_of_his_own_example():
    """K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): four observers, twelve units, interval."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    ratings = [
        rating(value, f"observer {who}", f"unit {unit}")
        for who, values in enumerate(observers)
        for unit, value in enumerate(values)
        if value is not None
    ]
    assert agreement(ratings) == pytest.approx(0.849, abs=5e-4)


def test_agreement_is_1_where_all_agree_and_unknown_where_nothing_can_be_compared():
    assert agreement([rating(value, who, f"{value}") for value in (1, 4) for who in ("Ann", "Ben")]) == 1.0
    assert agreement([rating(3, who) for who in ("Ann", "Ben")]) is None
    assert agreement([rating(3, clip="a"), rating(4, clip="b")]) is None


@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=4), min_size=1, max_size=6))
def test_agreement_is_that_of_all_pairs_one_by_one(units):
    ratings = [rating(v, f"r{who}", f"c{unit}") for unit, values in enumerate(units) for who, v in enumerate(values)]
    values = [value for unit in units for value in unit]
    n = len(values)
    observed = sum((a - b) ** 2 / (len(unit) - 1) for unit in units for a in unit for b in unit) / n
    expected = sum((a - b) ** 2 for a in values for b in values) / (n * (n - 1))
    assert agreement(ratings) == (pytest.approx(1 - observed / expected) if expected else None)
