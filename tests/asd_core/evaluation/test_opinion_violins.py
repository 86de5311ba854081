import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from asd_core.evaluation.opinion_scores import opinion_scores
from asd_core.evaluation.opinion_violins import _draw_violin, draw_opinion_scores, draw_ratings
from tests.asd_core.evaluation.ratings import listening_test, rating


def size(png):
    return Image.open(io.BytesIO(png)).size


def test_the_white_dot_is_the_median_and_the_black_bar_the_quartiles():
    axes = Figure().subplots()
    _draw_violin(axes, 2.0, [1, 2, 2, 4, 5], "#000000")
    body, bar, dot = axes.collections
    assert dot.get_offsets().tolist() == [[2.0, 2.0]]
    assert dot.get_facecolor()[0].tolist() == [1, 1, 1, 1]
    assert bar.get_segments()[0].tolist() == [[2.0, 2.0], [2.0, 4.0]]
    assert np.ptp(body.get_paths()[0].vertices[:, 0]) == pytest.approx(0.85, abs=0.02)


def test_both_plots_are_pictures_and_the_same_scores_give_the_same_bytes():
    scores = opinion_scores(listening_test())
    assert size(draw_opinion_scores(scores))[0] == size(draw_ratings(scores))[0] == 1320
    assert draw_ratings(scores) == draw_ratings(scores)


def test_names_are_no_formulas_and_what_the_font_lacks_is_replaced():
    ratings = [rating(3, machine=(r"$\frac{1$", "\u65e5\u672c\n" + "x" * 99), llm="$a", method=m) for m in ("hybrid",)]
    ratings.append(rating(2, llm="$\\b"))
    assert size(draw_ratings(opinion_scores(ratings)))[0] == 1320


def test_many_machines_go_on_in_further_rows():
    ratings = [rating(1 + i % 5, clip=f"{i}", machine=("fan", f"{i:02d}"), method="hybrid") for i in range(40)]
    assert size(draw_ratings(opinion_scores(ratings)))[1] > 2.5 * size(draw_opinion_scores(opinion_scores(ratings)))[1]
