import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.llm.final_answer import final_answer

SAID = "This sound is louder than the normal ones: by 3 dB, near 1.2 kHz."
THOUGHTS = 'Okay, one sentence.\n\nThe level is higher: so <b>louder</b>. "This sound is" comes first.'


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        f"<think>\n{THOUGHTS}\n</think>\n\n{SAID}",
        f"{THOUGHTS}\n</think>\n\n{SAID}",
        f"<think></think>{SAID}",
        f"<thinking>{THOUGHTS}</thinking>{SAID}",
        f"<reasoning effort='low'>{THOUGHTS}</reasoning>\n{SAID}",
        f"<think>a</think><think>{THOUGHTS}</think>{SAID}",
        f"<THINK>{THOUGHTS}</THINK> {SAID}",
        f"[THINK]{THOUGHTS}[/THINK]{SAID}",
        f"<seed:think>{THOUGHTS}</seed:think>{SAID}",
        f"◁think▷{THOUGHTS}◁/think▷{SAID}",
        f"<|begin_of_thought|>{THOUGHTS}<|end_of_thought|>{SAID}",
        f"{SAID}\n<think>{THOUGHTS}</think>",
        f"<|START_THINKING|>{THOUGHTS}<|END_THINKING|><|START_RESPONSE|>{SAID}<|END_RESPONSE|>",
        f"<|think|>{THOUGHTS}<|/think|>{SAID}",
        f"<thought>{THOUGHTS}</thought>{SAID}",
        f"Thinking...\n{THOUGHTS}\n...done thinking.\n\n{SAID}",
        f"**Reasoning:** {THOUGHTS}\n\n**Final answer:** {SAID}",
        f"<|channel|>analysis<|message|>{THOUGHTS}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}<|return|>",
        f"<|channel|>analysis<|message|>{THOUGHTS}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}",
        f"<|channel|>final<|message|>{SAID}",
        f"analysisWe need one sentence. {THOUGHTS}assistantfinal{SAID}",
    ],
)
def test_reasoning_is_no_part_of_the_answer(text):
    assert final_answer(text) == (SAID, False)


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{SAID}\n```",
        f"```text\n{SAID}\n```",
        f"```{SAID}```",
        f"```\n{SAID}",
        f"Here is it:\n```markdown\n{SAID}\n```\nLet me know!",
        f"Sure! Here is the caption:\n\n{SAID}",
        f"Here's the difference caption: {SAID}",
        f"Certainly! {SAID}",
        f"Caption: {SAID}",
        f"**Caption:** {SAID}",
        f"Final answer:\n{SAID}",
        f"**{SAID}**",
        f"`{SAID}`",
        f"<answer>{SAID}</answer>",
        f"<p>{SAID}</p>",
        f"- {SAID}",
        f"1. {SAID}",
        f"> {SAID}",
        '{"caption": "' + SAID + '"}',
        f'```json\n{{"caption": "{SAID}"}}\n```',
        f"{SAID}\n\nLet me know if you need more.",
        f"{SAID}\n\n(12 words)",
        f"{SAID}<|im_end|>",
        f"<think>{THOUGHTS}</think>Sure! Here is the caption:\n```\n{SAID}\n```",
    ],
)
def test_what_chat_puts_around_a_sentence_is_taken_off(text):
    assert final_answer(text) == (SAID, False)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\n{THOUGHTS}",
        "<think>",
        f"<think>a</think>\n<think>{THOUGHTS}",
        f"<|channel|>analysis<|message|>{THOUGHTS}",
        "analysisWe need one sentence that says",
        f"[THINK]{THOUGHTS}",
    ],
)
def test_reasoning_that_never_ends_is_an_answer_that_never_began(text):
    assert final_answer(text) == ("", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "This sound is like analysis of a think tank.",
        "This sound is **much** louder.",
        "A < b and c > d",
        "{",
        "analysis",
    ],
)
def test_other_texts_come_back_as_they_are(text):
    assert final_answer(text) == (text, False)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["<think>", "</think>", "```", "x:\n", "**", "`", "{", " a "])).map("".join)
)
def test_any_text_has_an_answer_that_is_no_longer_than_itself(text):
    answer, is_cut = final_answer(text)
    assert answer == answer.strip() and len(answer) <= len(text)
    assert not is_cut or not answer
