import string

from asd_core.llm.requests import ASKED_AGAIN, CaptionAnswer, caption_request, prompt_hash, request_id


def test_the_same_clip_method_prompt_and_llm_have_the_same_id_and_any_other_another():
    told = ("clip", "hybrid", "What differs?", "m at h")
    ids = {request_id(*told)} | {request_id(*told[:i], "x", *told[i + 1 :]) for i in range(4)}
    assert len(ids) == 5 and request_id(*told) in ids


def test_an_id_is_a_safe_file_name_whatever_the_words():
    assert set(request_id("../é\n", "", "\x00" * 9, "a/b")) <= set(string.hexdigits)


def test_words_that_run_together_are_told_apart():
    assert request_id("ab", "c", "p", "l") != request_id("a", "bc", "p", "l")


def test_a_request_carries_its_prompt_under_its_id():
    request = caption_request("clip", "hybrid", "What differs?", "m at h")
    assert request.request_id == request_id("clip", "hybrid", "What differs?", "m at h")
    assert (request.clip_id, request.prompt) == ("clip", "What differs?")


def test_prompts_are_told_apart_by_16_hex_digits():
    assert len(prompt_hash("a")) == 16 and prompt_hash("a") != prompt_hash("b")


def test_what_a_later_run_may_get_past_is_asked_again_and_a_refusal_is_not():
    assert not CaptionAnswer("r", "This sound is loud.").is_asked_again
    assert not CaptionAnswer("r", None, error_reason="llm_refused").is_asked_again
    assert all(CaptionAnswer("r", None, error_reason=reason).is_asked_again for reason in ASKED_AGAIN)
