import numpy as np

from asd_core.detectors.memory_bank import MemoryBankConfig
from tests.accuracy.left_out_bank import CLIPS, JUDGED, detector_p_values, p_values, scores


def test_a_learnt_night_is_scored_without_itself():
    found = scores(6, 3, False, np.random.default_rng(0))
    assert found.shape == (6 + JUDGED, CLIPS) and (found > 0).all()


def test_further_nights_lie_closer_to_a_bank_of_one_night_more():
    closer, same = (p_values(6, 8, same_bank, machines=60).mean() for same_bank in (False, True))
    assert closer > same + 0.02 and abs(same - 0.5) < 0.04


def test_whitening_by_few_clips_makes_further_nights_lie_closer_still():
    plain, whitened = (MemoryBankConfig(k=2, whitening=whitening) for whitening in ("none", "half"))
    found = [detector_p_values(config, 7, machines=15).mean() for config in (plain, whitened)]
    assert found[1] > found[0] + 0.03
