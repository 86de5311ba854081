import pytest

from asd_core.pages.night.contents import Judgement
from asd_core.pages.night.tier_words import remark_on, status_of

TIERS = ("act", "watch", "within_chance", "not_decided")


def judged(tier, state="", nights=0):
    return Judgement(tier, 0, "", state, nights)


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        (judged("act", "new", 1), "in alarm, new"),
        (judged("act", "continuing", 3), "in alarm, third night"),
        (judged("watch"), "watched"),
        (judged("within_chance", "cleared", 4), "within chance, alarm over"),
        (judged("not_decided"), "not decided"),
        (Judgement("watch", 0, "", "continuing", 3, is_acknowledged=True), "acknowledged, third night"),
        (Judgement("within_chance", 0, "", label="normal"), "labelled normal"),
        (Judgement("act", 0, "", "new", 1, label="fault"), "in alarm, new"),
        (None, "flagged"),
    ],
)
def test_a_status_has_the_tier_and_the_state_of_the_alarm(judgement, words):
    assert status_of(judgement, "flagged").words == words


def test_an_alarm_alone_has_the_look_of_one():
    looks = {status_of(judged(tier), "flagged").look for tier in TIERS[1:]} | {status_of(None, "flagged").look}
    assert status_of(judged("act"), "flagged").look == "alarm" and "alarm" not in looks


@pytest.mark.parametrize("state", ["unusable", "silent"])
def test_a_machine_of_which_nothing_was_heard_says_so_whatever_its_tier(state):
    assert status_of(judged("not_decided"), state) == status_of(None, state)


@pytest.mark.parametrize(
    ("tier", "measured", "words"),
    [
        ("act", (), "The alarm comes from the scores"),
        ("act", None, ""),
        ("act", ("3 dB louder",), ""),
        ("watch", ("3 dB louder",), ""),
        ("within_chance", ("3 dB louder",), "Now and then a well machine has such a clip"),
        ("within_chance", (), "Now and then"),
        ("not_decided", None, "It is not decided"),
    ],
)
def test_a_clip_and_a_tier_that_seem_to_disagree_have_a_reason(tier, measured, words):
    said = remark_on(judged(tier), measured)
    assert said.startswith(words) and bool(said) == bool(words)
    assert remark_on(None, measured) == ""


def test_a_night_that_a_person_labelled_normal_is_told_as_that():
    assert remark_on(Judgement("within_chance", 0, "", label="normal"), ()) == "This night is labelled normal."
