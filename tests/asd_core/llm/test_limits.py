import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.llm.limits import Budget, Limits, RateLimiter, strictest


def backlog(limiter, seconds, tokens=1, used=None, late=lambda: 0.0):
    """Moments at which attempts go that have waited all along."""
    now, gone = 0.0, []
    while True:
        now += limiter.wait(now, tokens) + late()
        if limiter.wait(now, tokens):
            continue
        if now >= seconds:
            return gone
        entry = limiter.dispatch(now, tokens)
        if used is not None:
            limiter.settle(entry, used)
        gone.append(now)


def most_in_any_window(moments, window):
    """The largest number of moments within any span of that length, the slow way."""
    return max(sum(start <= moment < start + window for moment in moments) for start in moments)


def test_the_first_goes_at_once_and_the_others_in_even_steps():
    assert backlog(RateLimiter(Limits(60, None, 1)), 4.5) == pytest.approx([0, 1, 2, 3, 4])


def test_a_backlog_uses_the_whole_limit_and_no_window_holds_more():
    moments = backlog(RateLimiter(Limits(30, None, 1)), 300)
    assert len(moments) >= 0.99 * 30 * 5
    assert most_in_any_window(moments, 60) == 30


def test_late_wake_ups_are_made_up_for():
    moments = backlog(RateLimiter(Limits(600, None, 1)), 120, late=lambda: 0.03)
    assert len(moments) >= 0.95 * 600 * 2
    assert most_in_any_window(moments[:700], 60) <= 600


def test_idleness_is_not_saved_up():
    limiter = RateLimiter(Limits(60, None, 1))
    limiter.dispatch(0, 1)
    moments, now = [], 1000.0
    for _ in range(5):
        now += limiter.wait(now, 1)
        limiter.dispatch(now, 1)
        moments.append(now - 1000)
    assert moments == pytest.approx([0, 1, 2, 3, 4], abs=0.3)


def test_tokens_are_limited_too_and_those_not_used_are_given_back():
    reserved = RateLimiter(Limits(1000, 6000, 1))
    assert len(backlog(reserved, 60, tokens=200)) == 30
    settled = RateLimiter(Limits(1000, 6000, 1))
    assert len(backlog(settled, 60, tokens=200, used=100)) == pytest.approx(60, abs=2)


def test_more_tokens_than_reserved_are_made_up_for():
    moments = backlog(RateLimiter(Limits(1000, 6000, 1)), 300, tokens=100, used=200)
    assert len(moments) == pytest.approx(150, abs=2)


def test_a_request_larger_than_the_limit_never_fits():
    limiter = RateLimiter(Limits(10, 500, 1))
    assert limiter.fits(500) and not limiter.fits(501)
    assert RateLimiter(Limits(10, None, 1)).fits(10**9)


def test_closed_means_closed_for_the_latest_moment_that_was_asked_for():
    limiter = RateLimiter(Limits(60, None, 1))
    limiter.close_until(30)
    limiter.close_until(10)
    assert limiter.wait(5, 1) == 25 and limiter.wait(30, 1) == 0


def test_what_an_earlier_process_let_through_counts():
    limiter = RateLimiter(Limits(3, None, 1))
    later = RateLimiter(Limits(3, None, 1))
    for moment in (0, 20, 40):
        limiter.dispatch(moment, 7)
    later.restore(limiter.recent(50))
    assert later.wait(50, 7) == limiter.wait(50, 7) == pytest.approx(10, abs=0.01)
    assert limiter.recent(100.5) == []


def test_lower_limits_hold_from_the_moment_they_come():
    limiter = RateLimiter(Limits(100, None, 1))
    gone = backlog(limiter, 30)
    limiter.limits = Limits(10, None, 1)
    assert gone[-10] + 60 <= 30 + limiter.wait(30, 1) <= gone[-1] + 60.1


def test_of_several_limits_the_strictest_of_each_hold():
    assert strictest([Limits(5, None, 9), Limits(7, 100, 2), Limits(6, 50, 3)]) == Limits(5, 50, 2)
    assert strictest([Limits(5, None, 9)]).tokens is None


ATTEMPTS = st.lists(
    st.tuples(st.floats(0, 20), st.floats(0, 3), st.integers(1, 90), st.floats(0, 1)), min_size=1, max_size=60
)


@given(ATTEMPTS, st.integers(1, 8), st.integers(90, 300))
def test_no_window_ever_holds_more_than_the_limits(attempts, requests, tokens):
    """Whatever the requests' sizes and moments, late wake-ups and refunds."""
    limiter = RateLimiter(Limits(requests, tokens, 1), window=10)
    now, gone = 0.0, []
    for pause, late, size, share in attempts:
        now += pause
        while seconds := limiter.wait(now, size):
            now += seconds + late
        entry = limiter.dispatch(now, size)
        limiter.settle(entry, math.ceil(size * share))
        gone.append(entry)
    for start in gone:
        within = [entry for entry in gone if start.at <= entry.at < start.at + 10]
        assert len(within) <= requests and sum(entry.tokens for entry in within) <= tokens


def test_a_budget_is_never_overrun_by_what_is_under_way():
    budget = Budget(tokens=100)
    budget.reserve(60, 0)
    assert budget.state(40, 0) == "go" and budget.state(41, 0) == "wait" and budget.state(101, 0) == "stop"
    budget.settle((60, 0), (10, 0))
    assert budget.state(90, 0) == "go" and budget.state(91, 0) == "stop"


def test_money_runs_out_as_tokens_do():
    budget = Budget(usd=0.3)
    for _ in range(3):  # 0.1 three times is more than 0.3 in binary
        assert budget.state(10**9, 0.0999) == "go"
        budget.reserve(10**9, 0.0999)
        budget.settle((10**9, 0.0999), (10**9, 0.0999))
    assert budget.state(1, 0.01) == "stop"


def test_a_budget_that_is_spent_is_told_from_one_that_never_reaches():
    spent = Budget(tokens=500)
    spent.reserve(450, 0.0)
    spent.settle((450, 0.0), (450, 0.0))
    assert spent.exhausted(231, 0.0) == "the budget of 500 tokens is spent; the next run goes on"
    small = Budget(tokens=100, usd=0.0005)
    assert small.exhausted(231, 0.00213) == (
        "the budget of 100 tokens and 0.00050 dollars is less than one request may cost, 231 tokens and 0.0021 "
        "dollars: raise it, or lower the limit of output tokens"
    )


@pytest.mark.parametrize(("usd", "told"), [(0.0, "0.00"), (0.3, "0.30"), (0.001, "0.0010"), (1234.5, "1,234.50")])
def test_small_sums_are_told_with_two_digits_that_say_something(usd, told):
    assert str(Budget(usd=usd)) == f"{told} dollars"


def test_no_limit_is_no_limit():
    assert Budget().state(10**12, 10.0**9) == "go"
    assert (str(Budget()), str(Budget(5000)), str(Budget(5000, 2.5))) == (
        "no limit",
        "5,000 tokens",
        "5,000 tokens and 2.50 dollars",
    )
