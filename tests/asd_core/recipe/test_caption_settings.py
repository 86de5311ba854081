import pytest

from asd_core.errors import UsageError
from asd_core.recipe.caption_settings import METHODS, WITH_DECODER, WITH_MEASURES, WITH_TEXTS, CaptionConfig


def test_hybrid_captions_need_a_decoder_and_texts_and_those_with_measurements_need_neither():
    assert set(WITH_DECODER) & set(WITH_TEXTS) == {"hybrid"}
    assert set(METHODS) - set(WITH_DECODER) - set(WITH_TEXTS) == set(WITH_MEASURES)


@pytest.mark.parametrize("k", [-1, 0, 6])
def test_more_neighbours_than_score_rows_name_are_refused(k):
    with pytest.raises(UsageError, match=rf"captions.k must lie between 1 and 5 .* got {k}"):
        CaptionConfig(k=k)
    assert [CaptionConfig(k=k).k for k in (1, 5)] == [1, 5]
