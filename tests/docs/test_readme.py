"""The figures of the README's first week are those of docs/accuracy.md."""

import re

from tests.docs.blocks import ROOT

README = " ".join((ROOT / "README.md").read_text("utf-8").split())
ACCURACY = (ROOT / "docs" / "accuracy.md").read_text("utf-8")


def row(name):
    """The cells of a row of the tables."""
    (line,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", ACCURACY, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def test_the_mean_auc_of_both_detectors_is_the_tables():
    plain, density = float(row("kNN, k = 4")[0]), float(row("density kNN, least")[0])
    assert f"was {plain:.2f} on average with the detector of `twfr-knn`, and {density:.2f} with that" in README


def test_the_range_over_machines_is_the_tables():
    plain = [float(auc) for auc in re.findall(r"^\| \w+ \d\d \| ([\d.]+) ±", ACCURACY, re.MULTILINE)]
    assert len(plain) == 12
    assert f"the first ranged from {min(plain):.2f} to {max(plain):.2f}" in README


def test_the_false_alarms_of_few_recordings_are_the_list():
    mean, folds = re.search(r"`twfr-gmm`: ([\d.]+)% \(folds (.*)\)", ACCURACY).groups()
    rates = [int(rate) for rate in re.findall(r"\d+", folds)]
    assert f"flagged {float(mean):.0f} % of the unseen normal ones on average" in README
    assert f"between {min(rates)} and {max(rates)} % from one part" in README
