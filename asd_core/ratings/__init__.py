"""How well people find that captions explain what they hear: the listening test of Ogura et al. on one's own clips."""

from asd_core.ratings.opinion_scores import OpinionScores, opinion_scores
from asd_core.ratings.reading import Rating, read_ratings

__all__ = ["OpinionScores", "Rating", "opinion_scores", "read_ratings"]
