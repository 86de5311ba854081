import math

import pytest

from asd_core.evaluation.first_shot_figures import Averages, averages, machine_auc
from asd_core.evaluation.objectives import FIGURES, objective_values


def figures(auc, pauc, source, target):
    return {"auc": auc, "pauc": pauc, "auc_source": source, "auc_target": target}


def test_a_printed_row_of_the_challenge_is_a_harmonic_mean_over_domains():
    # DCASE2023_Baseline on ToyDrone: AUC .8130 and .4622 of its own page, 58.93 in the paper's table 2.
    assert round(100 * machine_auc(figures(0.6, 0.5, 0.8130, 0.4622)), 2) == 58.93
    assert machine_auc(figures(0.6, 0.5, 0.8, math.nan)) == 0.6


def test_the_paper_s_averages_are_harmonic_over_machines_and_give_the_official_score():
    aucs = [56.28, 64.33, 62.60, 82.75, 78.31, 61.75, 83.39]  # table 2, FS-TWFR-GMM
    paucs = [50.89, 54.16, 57.47, 75.84, 61.62, 54.98, 71.32]
    found = averages(figures(auc, pauc, auc, auc) for auc, pauc in zip(aucs, paucs, strict=True))
    assert (round(found.auc, 2), round(found.pauc, 2)) == (68.41, 59.76)
    assert round(Averages(56.44, 54.04).mean, 2) == 55.24  # table 5, r = 0


def test_the_official_score_is_that_of_the_objectives():
    machines = [figures(0.7, 0.6, 0.8, 0.55), figures(0.65, 0.52, 0.9, 0.5)]
    array = [[[one[name] for name in FIGURES]] for one in machines]
    import numpy as np

    assert averages(machines).official == pytest.approx(objective_values("official", ["a", "b"], np.array(array))[0])
