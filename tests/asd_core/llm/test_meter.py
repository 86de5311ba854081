import pytest

from asd_core.llm.meter import LlmMeter
from asd_core.llm.replies import Answered, NotAnswered, Refused
from asd_core.llm.settings import LlmSettings
from asd_core.metrics.recorder import Counts

PRICED = LlmSettings(usd_per_million_input=1.0, usd_per_million_output=4.0, requests_per_minute=10)


def metered(settings=PRICED, **options):
    counts, now = Counts(), [0.0]
    meter = LlmMeter(counts, settings, clock=lambda: now[0], **options)
    return (
        meter,
        now,
        lambda: {
            (name, *(value for _, value in labels[3:])): value for (name, labels), value in counts.values().items()
        },
    )


def test_attempts_retries_tokens_and_cost_add_up():
    meter, _, found = metered()
    meter(NotAnswered("rate_limited", "later"), False)
    meter(Answered("a text", 100, 20), True)
    meter(Refused("no", all_alike=False), False)
    told = found()
    assert told["asd_llm_requests_total",] == 2 and told["asd_llm_retries_total",] == 1
    outcomes = {key[1]: count for key, count in told.items() if key[0] == "asd_llm_attempts_total"}
    assert outcomes == {"rate_limited": 1, "answered": 1, "refused": 1}
    assert (told["asd_llm_tokens_total", "input"], told["asd_llm_tokens_total", "output"]) == (100, 20)
    assert told["asd_llm_usd_total",] == pytest.approx(PRICED.usd(100, 20))


def test_without_prices_there_is_no_cost():
    meter, _, found = metered(LlmSettings())
    meter(Answered("a text", 100, 20), False)
    assert ("asd_llm_usd_total",) not in found()


def test_the_share_is_of_the_last_minute_and_its_peak_stays():
    meter, now, found = metered()
    for now[0] in (0.0, 1.0, 2.0, 61.5):
        meter(Answered("a text", 1, 1), False)
    assert found()["asd_llm_limit_used_ratio",] == 0.2 and found()["asd_llm_limit_peak_ratio",] == 0.3


def test_the_share_is_of_tokens_where_they_are_nearer_to_their_limit():
    meter, _, found = metered(LlmSettings(requests_per_minute=100, tokens_per_minute=200))
    meter(Answered("a text", 90, 10), False)
    assert found()["asd_llm_limit_used_ratio",] == 0.5


def test_a_batch_has_no_share_and_what_was_never_sent_is_no_attempt():
    meter, _, found = metered(has_limits=False)
    meter(NotAnswered("late", "stood still"), False)
    assert found() == {}
    meter(Answered("a text", 1, 1), False)
    assert not [key for key in found() if "limit" in key[0]]
