from dataclasses import replace

import numpy as np

from tests.accuracy.alarm_tables import LEARNT, fleet
from tests.accuracy.labelled_nights import SECOND, false_alarms_of, judged_by_more
from tests.accuracy.simulated_scores import scores


def test_more_nights_learnt_judge_the_second_nights_alone():
    values = scores(replace(fleet(0), machines=20, nights=SECOND + 3))
    values[3, LEARNT + 5] += 1000
    labelled = false_alarms_of(values)
    assert (3, LEARNT + 5) in labelled
    alone, more = judged_by_more(values, []), judged_by_more(values, labelled)
    assert alone.p_values.shape == (20, 3) and alone.nights.tolist() == [SECOND, SECOND + 1, SECOND + 2]
    assert (np.nan_to_num(more.p_values[3]) >= alone.p_values[3]).all()
