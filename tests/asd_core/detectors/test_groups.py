import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.detectors.build import detector_config, load_detector, new_detector
from asd_core.detectors.group_settings import with_named_groups
from asd_core.detectors.unseen import unseen_scores
from asd_core.encoders.build import new_encoder
from asd_core.errors import AsdError
from asd_core.recipe.recipe import load_recipe

NAMED = (("low", 4), ("high", 6), ("level", 1))
KINDS = [
    {"kind": "memory_bank", "k": 2},
    {"kind": "memory_bank", "k": 1, "density": "least", "density_k": 4, "whitening": "half"},
    {"kind": "gmm", "n_components": 1},
    {"kind": "kmeans", "n_clusters": 3, "metric": "euclidean"},
]


def normals(count=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, [1.0] * 4 + [20.0] * 6 + [0.5], (count, 11))


def named(**settings):
    return with_named_groups(detector_config({"groups": "named", **settings}), NAMED)


def fitted(config, rows):
    return new_detector(config).fit(rows, np.full(len(rows), "source"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_the_largest_of_the_standardised_scores_of_a_detector_for_each_group(kind):
    rows, queries = normals(), normals(seed=1)
    own = detector_config(kind)
    expected = []
    for part in (slice(0, 4), slice(4, 10)):
        unseen = unseen_scores(own, rows[:, part], np.full(len(rows), "source"), folds=10)
        expected.append((fitted(own, rows[:, part]).anomaly_score(queries[:, part]) - unseen.mean()) / unseen.std())
    level = rows[:, 10]
    left_out = np.array([abs(level[i] - np.delete(level, i).mean()) for i in range(len(rows))])
    expected.append((np.abs(queries[:, 10] - level.mean()) - left_out.mean()) / left_out.std())
    detector = fitted(named(**kind), rows)
    assert_allclose(detector.anomaly_score(queries), np.max(expected, axis=0), rtol=1e-9)
    mean = fitted(named(**kind, group_score="mean"), rows)
    assert_allclose(mean.anomaly_score(queries), np.mean(expected, axis=0), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_raw_mean_is_that_of_scorers_fitted_by_hand_and_so_are_its_unseen_scores(kind):
    rows, queries, domains = normals(), normals(seed=1), np.repeat(["source", "target"], [30, 10])
    config = with_named_groups(
        detector_config({"groups": "named", "group_score": "raw_mean", **kind}),
        [(f"epoch {n}", 3) for n in (12, 14, 16)],
    )
    parts = [slice(0, 3), slice(3, 6), slice(6, 9)]
    scores = unseen = np.zeros(40)
    for part in parts:
        one = new_detector(detector_config(kind)).fit(rows[:, part], domains)
        scores = scores + one.anomaly_score(queries[:, part]) / 3
        unseen = unseen + unseen_scores(detector_config(kind), rows[:, part], domains, folds=10) / 3
    detector = new_detector(config).fit(rows[:, :9], domains)
    assert_allclose(detector.anomaly_score(queries[:, :9]), scores, rtol=1e-9)
    assert_allclose(unseen_scores(config, rows[:, :9], domains), unseen, rtol=1e-9)


@pytest.mark.parametrize("group_score", ["max", "raw_mean"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_detector_scores_the_same_to_the_bit(kind, group_score):
    rows, queries = normals(), normals(seed=1)
    kind = {**kind, "group_score": group_score}
    detector = fitted(named(**kind), rows)
    loaded = load_detector(named(**kind), detector.state())
    assert_array_equal(loaded.anomaly_score(queries), detector.anomaly_score(queries))
    assert_array_equal(loaded.leave_one_out_scores(), detector.leave_one_out_scores())
    for ours, theirs in zip(loaded.nearest(queries, 3), detector.nearest(queries, 3), strict=True):
        assert_array_equal(ours, theirs)
    assert loaded.notes_ == detector.notes_ and not any(a.dtype.hasobject for a in detector.state().values())


def test_a_fault_in_one_number_of_many_stands_out():
    rows, faulty = normals(), normals(seed=1)
    faulty[:, 10] += 5  # ten deviations of the level, a quarter of one of the high group
    alone = fitted(detector_config(KINDS[0]), rows).anomaly_score(faulty)
    grouped = fitted(named(**KINDS[0]), rows)
    threshold = np.sort(grouped.leave_one_out_scores())[-1]
    assert (grouped.anomaly_score(faulty) > threshold).all()
    assert (alone > np.sort(unseen_scores(detector_config(KINDS[0]), rows, np.full(40, "")))[-1]).mean() < 0.3


@pytest.mark.parametrize(("clips", "machines", "asked"), [(10, 60, 1 / 11), (50, 12, 5 / 51)])
def test_unseen_scores_flag_as_many_unseen_normals_as_were_asked_for(clips, machines, asked):
    config, rates = named(**KINDS[0]), []
    for seed in range(machines):
        learnt, domains = normals(clips, seed), np.full(clips, "")
        threshold = decision_threshold(unseen_scores(config, learnt, domains), ThresholdConfig()).value
        rates.append((fitted(config, learnt).anomaly_score(normals(200, 1000 + seed)) > threshold).mean())
    assert abs(np.mean(rates) - asked) < 0.04


def test_unseen_scores_leave_out_whole_recordings():
    rows = normals(10, seed=2).repeat(3, axis=0) + np.random.default_rng(3).normal(0, 0.01, (30, 11))
    recordings = np.arange(10).repeat(3)
    config, domains = named(**KINDS[0]), np.full(30, "")
    left_out = unseen_scores(config, rows, domains, recordings)
    detector = new_detector(config).fit(rows, domains, recordings)
    assert_array_equal(left_out, detector.leave_one_out_scores(recordings))
    without_recordings = new_detector(config).fit(rows, domains)
    far = rows[:1] + 100
    assert detector.anomaly_score(far) < without_recordings.anomaly_score(far)  # a wider scale: segments are alike


def test_the_nearest_clips_are_those_of_the_group_that_decided():
    rows = normals()
    query = rows[7:8].copy()
    query[0, 10] = rows[3, 10] + 1e-9  # the clip itself in all else
    query[0, :4] = rows[5, :4] + 30
    detector = fitted(named(**KINDS[0]), rows)
    assert detector.group_scores(query).argmax() == 0
    distances = np.linalg.norm(rows[:, :4] - query[0, :4], axis=1)
    indices, found = detector.nearest(query, 3)
    assert_array_equal(indices[0], np.argsort(distances)[:3])
    assert_allclose(found[0], np.sort(distances)[:3])


@pytest.mark.parametrize("constant", [slice(0, 4), slice(4, 10), slice(10, 11), slice(0, 11)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_group_that_never_varied_neither_divides_by_zero_nor_silences_the_others(kind, constant):
    rows, queries = normals(), normals(seed=1)
    rows[:, constant] = queries[:, constant] = -100.0
    detector = fitted(named(**kind), rows)
    assert any("alike in all normal clips" in note for note in detector.notes_)
    assert np.isfinite(detector.anomaly_score(queries)).all() and np.isfinite(detector.leave_one_out_scores()).all()
    for place in range(11):
        faulty = queries.copy()
        faulty[:, place] += 400.0
        assert (detector.anomaly_score(faulty) > detector.anomaly_score(queries)).all(), place


@pytest.mark.parametrize(("order", "numbers"), [("interleaved", [0, 3, 6, 9]), ("consecutive", [0, 1, 2, 3])])
def test_equal_groups_are_interleaved_or_consecutive(order, numbers):
    rows = np.random.default_rng(0).normal(size=(30, 12))
    config = detector_config({**KINDS[0], "groups": 3, "group_order": order})
    detector, faulty = fitted(config, rows), rows[:1].copy()
    faulty[0, numbers] += 50
    scores = detector.group_scores(faulty)[0]
    assert scores.argmax() == 0 and scores[0] > 20 and scores[1:].max() < 5


def test_equal_groups_that_do_not_divide_an_embedding_are_refused_with_numbers_that_do():
    with pytest.raises(AsdError, match="12 numbers an embedding do not fall into 5 equal groups; take one of 2, 3, 4"):
        fitted(detector_config({"groups": 5}), np.zeros((4, 12)))


def test_one_group_orders_clips_as_no_groups():
    rows, queries = normals(), normals(seed=1)
    one = fitted(detector_config({**KINDS[1], "groups": 1}), rows).anomaly_score(queries)
    assert_array_equal(np.argsort(one), np.argsort(fitted(detector_config(KINDS[1]), rows).anomaly_score(queries)))


def test_notes_name_the_group_unless_all_have_them():
    bank = {"kind": "memory_bank", "groups": "named", "k": 4}
    (note,) = fitted(with_named_groups(detector_config(bank), (("a", 4), ("b", 7))), normals(3)).notes_
    assert note == "k = 4 but 3 normal clips: the mean is over 3 distances"
    (note,) = fitted(with_named_groups(detector_config(bank), (("a", 10), ("level", 1))), normals(3)).notes_
    assert note == "k = 4 but 3 normal clips: the mean is over 3 distances"


def test_one_clip_can_be_fitted_and_scored():
    assert np.isfinite(fitted(named(**KINDS[0]), normals(1)).anomaly_score(normals())).all()
    with pytest.raises(AsdError, match="call fit first"):
        new_detector(named(**KINDS[0])).anomaly_score(normals())


def test_the_default_recipe_flags_clips_5_db_louder_than_ten_normals_that_spread_1_5_db():
    recipe, rng = load_recipe("fleet").for_machine("fan"), np.random.default_rng(0)
    encoder, flagged, false = new_encoder(recipe.encoder), [], []

    def embedded(count, louder_db=0.0):
        gains = 10 ** ((rng.uniform(-0.75, 0.75, (count, 1)) + louder_db) / 20)
        return encoder.embed((rng.normal(0, 0.02, (count, 16_000)) * gains).astype(np.float32))

    for _ in range(3):
        learnt = embedded(10)
        threshold = unseen_scores(recipe.detector, learnt, np.full(10, "")).max()
        detector = fitted(recipe.detector, learnt)
        flagged += (detector.anomaly_score(embedded(10, 5.0)) > threshold).tolist()
        false += (detector.anomaly_score(embedded(10)) > threshold).tolist()
    assert np.mean(flagged) >= 0.9 and np.mean(false) < 0.25


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("group_score", ["max", "raw_mean"])
def test_rows_without_their_occasion_stand_on_the_scale_of_clips_to_come(kind, group_score):
    rows, domains, occasions = normals(24), np.full(24, "source"), np.repeat(np.arange(8), 3)
    detector = fitted(named(**kind, group_score=group_score), rows)
    own, parts = detector_config(kind), (slice(0, 4), slice(4, 10))
    columns, standards = [], []
    for part in parts:
        columns.append(unseen_scores(own, rows[:, part], domains, occasions, folds=5))
        standards.append(unseen_scores(own, rows[:, part], domains, folds=10))
    level = rows[:, 10]
    columns.append(np.array([abs(level[i] - level[occasions != occasions[i]].mean()) for i in range(24)]))
    standards.append(np.array([abs(level[i] - np.delete(level, i).mean()) for i in range(24)]))
    raw, unseen = np.column_stack(columns), np.column_stack(standards)
    expected = raw.mean(axis=1)
    if group_score == "max":
        others = [unseen[occasions != occasion] for occasion in occasions]
        pairs = zip(raw, others, strict=True)
        expected = np.array([((row - rest.mean(axis=0)) / rest.std(axis=0)).max() for row, rest in pairs])
    assert_allclose(detector.scores_without(rows, domains, occasions), expected, rtol=1e-6)
