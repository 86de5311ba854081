import os

import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import load_recipe
from jobs.caption_options import caption_order, captioner_for, captions_text
from tests.jobs.captioned import a_key

NONE = {"captioner": "auto", "caption_method": None, "llm_model": None, "llm_concurrency": None}
KNN, CLAP = load_recipe("twfr-knn"), load_recipe("clap-knn-random")


@pytest.mark.parametrize("recipe", [KNN, CLAP])
def test_without_a_key_captions_are_measured(recipe):
    assert "OPENAI_API_KEY" not in os.environ
    order, llm = caption_order(NONE, recipe)
    assert (order.method, order.llm, llm) == ("acoustic", "", None)
    assert captioner_for(None, llm) is None


@pytest.mark.parametrize(("recipe", "method"), [(KNN, "acoustic"), (CLAP, "hybrid")])
def test_with_a_key_a_language_model_writes_them_by_the_best_method_of_the_recipe(recipe, method):
    with a_key():
        order, llm = caption_order({**NONE, "llm_model": "llama3", "llm_concurrency": 2, "asks_again": True}, recipe)
    assert (order.method, order.llm, llm.concurrency) == (method, "llama3 at api.openai.com", 2)
    assert order.asks_again and order.may_read_audio


def test_measured_captions_may_be_asked_for_in_spite_of_a_key():
    with a_key():
        assert caption_order({**NONE, "captioner": "acoustic"}, CLAP)[1] is None


def test_classes_of_sound_are_a_method_of_their_own_that_asks_nobody():
    with a_key():
        order, llm = caption_order({**NONE, "captioner": "tags"}, CLAP)
    assert (order.method, order.llm, llm) == ("tags", "", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"caption_method": "hybrid"}, "--captioner tags is a method of its own: leave out --caption-method hybrid"),
        ({"llm_model": "llama3"}, "--captioner tags asks no language model: leave out --llm-model"),
    ],
)
def test_what_only_a_language_model_takes_is_refused_beside_classes_of_sound(options, message):
    with pytest.raises(UsageError, match=message):
        caption_order({**NONE, "captioner": "tags", **options}, KNN)


def test_the_batch_api_needs_a_language_model():
    with pytest.raises(UsageError, match="--batch-api asks a language model"):
        captioner_for(None, None, by_batch=True)


def test_counts_are_one_line_with_reasons_and_notes_below():
    counts = {"asked": 3, "captioned": 2, "errors": 1, "tokens": 9, "unknown": 1, "explained": 4}
    text = captions_text({**counts, "errors_by_reason": {"llm_failed": 1}, "notes": ["random weights"]})
    assert text.splitlines() == [
        "captions: asked 3, captioned 2, errors 1, tokens 9, unknown 1 "
        "(attempts cut off by a crash, which may have been paid for twice)",
        "  4 explained already: asd caption --ask-again explains them anew",
        "  1 llm_failed",
        "  note: random weights",
    ]
