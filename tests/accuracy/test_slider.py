import numpy as np
import pytest

from tests.accuracy.slider import nearest_distances, parts


def test_even_normals_are_learnt_and_odd_ones_and_anomalies_judged():
    names = [
        f"{kind}_id_{rail}_0000000{n}.flac" for kind in ("normal", "anomaly") for rail in ("02", "06") for n in (0, 1)
    ]
    found = parts(names, "06")
    assert [names[place] for place in found.learnt] == ["normal_id_06_00000000.flac"]
    assert [names[place][:7] for place in found.judged] == ["normal_", "anomaly", "anomaly"]
    assert found.is_anomalous.tolist() == [False, True, True]


def test_distances_are_those_to_the_nearest_of_the_learnt():
    learnt, judged = np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 7.0]]), np.array([[3.0, 0.0]])
    assert nearest_distances(learnt, judged, 2, standardised=False) == pytest.approx([(3 + 13**0.5) / 2])
    deviation = np.std([0.0, 2.0, 7.0])
    expected = [(9 + (y / deviation) ** 2) ** 0.5 for y in (0, 2)]
    assert nearest_distances(learnt, judged, 2, standardised=True) == pytest.approx([np.mean(expected)])
