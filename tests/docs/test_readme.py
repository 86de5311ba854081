"""The figures of the README's first week are those of docs/accuracy.md."""

import re

from tests.docs.blocks import ROOT

README = " ".join((ROOT / "README.md").read_text("utf-8").split())
ACCURACY = (ROOT / "docs" / "accuracy.md").read_text("utf-8")


SLIDERS = ACCURACY.partition("| recipe | slider 02 | slider 06 |")[2].partition("\n\n")[0]


def row(name, table=ACCURACY):
    """The cells of a row of the tables."""
    (line,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", table, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def test_the_aucs_of_fleet_on_two_sliders_are_the_tables():
    first, second = (cell.split(" / ")[0] for cell in row("`fleet`", SLIDERS))
    assert f"was {float(first):.2f} and {float(second):.2f} with `fleet`" in README
    loudness = float(row("*level only (trivial twin)*", SLIDERS)[0])
    assert f"on the first of them loudness alone gives {loudness:.2f}" in README


def test_the_figures_of_a_detector_like_its_own_are_the_tables():
    auc, _, _, least, most = row("the same, half-whitened")
    assert f"a detector like its own had {float(auc):.2f} on average" in README
    assert f"between {float(least[:-1]):.0f} and {float(most[:-1]):.0f} %" in README


def test_the_false_alarms_of_few_recordings_are_the_list():
    mean, folds = re.search(r"`fleet`: ([\d.]+)% \(folds (.*)\)", ACCURACY).groups()
    rates = [int(rate) for rate in re.findall(r"\d+", folds)]
    assert f"flagged {float(mean):.0f} % of the unseen normal ones on average" in README
    assert f"between {min(rates)} and {max(rates)} % from one part" in README
