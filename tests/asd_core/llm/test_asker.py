import asyncio
import json
import random

import pytest

from asd_core.captions.answers import check_answer
from asd_core.llm.asker import Asker
from asd_core.llm.gate import Gate
from asd_core.llm.ledger import Ledger
from asd_core.llm.replies import Answered, NotAnswered, Refused
from asd_core.llm.requests import CaptionRequest
from asd_core.llm.settings import LlmSettings
from tests.asd_core.llm.fakes import FakeLlm, MemoryFiles
from tests.asd_core.llm.virtual_time import inline, run

LIMITED = NotAnswered("rate_limited", "too many requests")
BROKEN = NotAnswered("server_error", "it broke")
EMPTY = Answered("", 20, 0)
ODD = Answered("Loud.", 20, 2)  # begins with other words than asked for


def requests(count):
    return [CaptionRequest(f"r{i}", f"clip{i}", f"loud {i}") for i in range(count)]


async def opened(files, llm, job="first", gate=None, **settings):
    """An asker, as one job has it."""
    given = LlmSettings("m", "http://h/v1", **settings)
    gate = gate or Gate()
    await gate.begin(job, given.name, given.limits)
    ledger = Ledger(files, job)
    ledger.open(given.name, gate.now - 60)
    return Asker(job, given, llm, ledger, gate, check_answer, rng=random.Random(0), in_thread=inline)


async def answers_of(asker, wanted):
    """One answer for each request, in their order."""
    return list(await asyncio.gather(*map(asker.ask, wanted)))


def asked(llm, count=1, files=None, job="first", **settings):
    """The answers to so many requests."""

    async def story():
        return await answers_of(await opened(files or MemoryFiles(), llm, job, **settings), requests(count))

    return run(story())


def scripted(*outcomes):
    """An LLM that begins with these outcomes."""
    return FakeLlm(lambda number, messages: outcomes[number] if number < len(outcomes) else None)


def test_an_answer_comes_with_its_tokens_and_attempts():
    (answer,) = asked(FakeLlm())
    assert answer.text == "This sound is loud 0."
    assert (answer.input_tokens, answer.output_tokens, answer.attempts, answer.unknown) == (20, 7, 1, 0)
    assert (answer.warning, answer.error_reason, answer.error) == (None, None, None)


def test_answers_come_in_the_order_of_their_requests():
    slow_first = FakeLlm()
    assert [answer.request_id for answer in asked(slow_first, 5, concurrency=2)] == [f"r{i}" for i in range(5)]


def test_every_attempt_is_written_down_before_it_is_made_and_its_end_before_the_next_one():
    files = MemoryFiles()
    told = []

    def look(number, messages):
        request_id = f"r{messages[0]['content'].split()[-1]}"
        attempts = json.loads(files.read(f"intents/{request_id}.json"))["attempts"]
        assert attempts[-1]["outcome"] is None and all(each["outcome"] for each in attempts[:-1])
        assert all(files.exists(f"answers/{earlier}.json") for earlier in told)
        if number % 3 == 0:
            return BROKEN
        told.append(request_id)
        return None

    answers = asked(FakeLlm(look), 20, files, concurrency=1, requests_per_minute=6000)
    assert all(answer.text for answer in answers) and len(told) == 20


def test_the_same_request_is_one_call_for_two_jobs_too():
    async def story(llm):
        files, gate = MemoryFiles(), Gate()
        jobs = [await opened(files, llm, name, gate) for name in ("a", "b")]
        return await asyncio.gather(*(answers_of(job, requests(3)) for job in jobs))

    llm = FakeLlm()
    mine, theirs = run(story(llm))
    assert len(llm.sent) == 3 and mine == theirs and all(answer.text for answer in mine)


def test_what_another_job_was_answered_since_the_ledger_was_opened_is_not_asked_again():
    async def story(llm):
        files, gate = MemoryFiles(), Gate()
        late = await opened(files, llm, "late", gate)
        early = await opened(files, llm, "early", gate)
        first = await answers_of(early, requests(3))
        await gate.end("early")
        return first, await answers_of(late, requests(3))

    llm = FakeLlm()
    first, second = run(story(llm))
    assert len(llm.sent) == 3 and first == second


def test_jobs_that_ask_for_the_same_in_opposite_orders_do_not_wait_for_each_other_for_ever():
    async def story(llm):
        files, gate = MemoryFiles(), Gate()
        jobs = [await opened(files, llm, name, gate, concurrency=2, requests_per_minute=6000) for name in ("a", "b")]
        return await asyncio.gather(answers_of(jobs[0], requests(40)), answers_of(jobs[1], requests(40)[::-1]))

    llm = FakeLlm(lambda number, messages: BROKEN if number % 3 == 0 else None)
    mine, theirs = run(story(llm))
    assert mine == theirs[::-1] and all(answer.text for answer in mine)
    assert len(llm.sent) == sum(answer.attempts for answer in mine)


def test_a_job_that_ends_does_not_end_the_other_ones_request():
    async def story(llm):
        files, gate = MemoryFiles(), Gate()
        poor = await opened(files, llm, "poor", gate, budget_tokens=1)
        rich = await opened(files, llm, "rich", gate)
        return await asyncio.gather(poor.ask(requests(1)[0]), rich.ask(requests(1)[0]))

    poor, rich = run(story(FakeLlm()))
    assert poor.error_reason == "budget" and rich.text


def test_permission_that_has_ended_is_not_used_and_asked_for_again():
    class Lapsing(Gate):
        """A gate whose first permission ends before it is used."""

        lapsed = 0

        def holds(self, job):
            self.lapsed += 1
            return self.lapsed > 1

    async def story(llm):
        asker = await opened(MemoryFiles(), llm, gate=Lapsing())
        return await asker.ask(requests(1)[0])

    llm = FakeLlm()
    answer = run(story(llm))
    assert answer.text and (answer.attempts, answer.input_tokens, len(llm.sent)) == (2, 20, 1)


@pytest.mark.parametrize("fault", [LIMITED, BROKEN, NotAnswered("timeout", "no answer within 60 s", may_cost=True)])
def test_a_fault_that_may_pass_is_tried_again_later_and_later(fault):
    llm = scripted(*[fault] * 5)
    (answer,) = asked(llm)
    assert answer.text and answer.attempts == 6
    moments = [moment for moment, _ in llm.sent]
    pauses = [later - earlier - 0.5 for earlier, later in zip(moments, moments[1:], strict=False)]
    assert all(pause <= 2**i + 1.01 for i, pause in enumerate(pauses))  # one second is the even spacing
    assert len({round(pause, 3) for pause in pauses}) > 2


def test_backing_off_is_the_request_s_own():
    llm = FakeLlm(lambda number, messages: LIMITED if messages[0]["content"] == "loud 0" else None)
    answers = asked(llm, 10, requests_per_minute=6000)
    assert answers[0].error_reason == "llm_failed" and all(answer.text for answer in answers[1:])
    firsts = [moment for moment, messages in llm.sent if messages[0]["content"] != "loud 0"]
    assert firsts[-1] - firsts[0] < 2


def test_retry_after_is_honoured_for_all():
    llm = scripted(None, NotAnswered("rate_limited", "too many requests", retry_after=30))
    answers = asked(llm, 20)
    assert all(answer.text for answer in answers)
    moments = [moment for moment, _ in llm.sent]
    gap = max(range(len(moments) - 1), key=lambda i: moments[i + 1] - moments[i])
    assert moments[gap + 1] >= moments[1] + 0.5 + 30  # the answer took half a second


def test_when_all_attempts_fail_the_last_reason_is_told():
    (answer,) = asked(FakeLlm(lambda number, messages: BROKEN), max_attempts=3)
    assert (answer.text, answer.error_reason, answer.attempts) == (None, "llm_failed", 3)
    assert answer.error == "3 attempts, the last: it broke" and answer.is_asked_again


def test_an_answer_that_stays_empty_is_an_error_asked_again_by_the_next_run():
    files = MemoryFiles()
    (answer,) = asked(FakeLlm(lambda number, messages: EMPTY), files=files, max_attempts=3)
    assert (answer.text, answer.error_reason, answer.attempts, answer.input_tokens) == (None, "empty_answer", 3, 60)
    (later,) = asked(FakeLlm(), files=files, job="second")
    assert later.text and (later.attempts, later.input_tokens, later.unknown) == (4, 80, 0)


def test_answers_cut_off_before_they_begin_are_paid_for_twice_and_again_only_with_a_higher_limit():
    files, cut = MemoryFiles(), FakeLlm(lambda number, messages: Answered("", 20, 200, is_cut=True))
    (answer,) = asked(cut, files=files)
    assert (answer.error_reason, answer.attempts, len(cut.sent)) == ("empty_answer", 2, 2)
    assert asked(cut, files=files, job="second") == [answer] and len(cut.sent) == 2
    (better,) = asked(FakeLlm(), files=files, job="third", max_output_tokens=1000)
    assert better.text and better.attempts == 3


def test_a_complaint_is_told_once_and_a_better_answer_taken():
    llm = scripted(ODD)
    (answer,) = asked(llm)
    assert answer.text == "This sound is loud 0." and answer.warning is None
    assert (answer.attempts, answer.input_tokens, answer.output_tokens) == (2, 40, 9)
    first, second, third = llm.sent[1][1]
    assert (first["role"], second["role"], third["role"]) == ("user", "assistant", "user")
    assert second["content"] == "Loud." and 'must begin with "This sound is"' in third["content"]


@pytest.mark.parametrize(
    "rest", [[Answered("Quite loud.", 20, 3)], [BROKEN] * 7, [Refused("no", all_alike=False)], [EMPTY] * 7]
)
def test_an_answer_that_is_no_better_or_never_comes_is_kept_and_marked(rest):
    files = MemoryFiles()
    (answer,) = asked(scripted(ODD, *rest), files=files)
    assert answer.text == (rest[0].text or "Loud." if isinstance(rest[0], Answered) else "Loud.")
    assert answer.warning.startswith("kept although: ") and answer.error_reason is None
    assert files.exists("answers/r0.json")


def test_an_answer_that_was_cut_off_is_complained_of():
    (answer,) = asked(scripted(Answered("This sound is loud and", 20, 200, is_cut=True)))
    assert (answer.text, answer.attempts) == ("This sound is loud 0.", 2)


def test_a_refusal_is_final_at_once_and_not_repeated_by_a_run_after_a_crash():
    files = MemoryFiles()
    llm = FakeLlm(lambda number, messages: Refused("no", all_alike=False) if number else None)
    answers = asked(llm, 3, files, concurrency=1)
    assert [(answer.error_reason, answer.attempts) for answer in answers[1:]] == [("llm_refused", 1)] * 2
    assert asked(llm, 3, files, "second") == answers and len(llm.sent) == 3


def test_a_refusal_before_any_answer_is_asked_once_more_and_then_final():
    refused = Refused("too long", all_alike=False)
    llm = FakeLlm(lambda number, messages: refused if messages[0]["content"] == "loud 0" else None)
    answers = asked(llm, 5)
    assert (answers[0].error_reason, answers[0].error, answers[0].attempts) == ("llm_refused", "too long", 2)
    assert all(answer.text for answer in answers[1:])


def test_a_server_that_refuses_whatever_it_is_asked_ends_the_job_and_nothing_is_final():
    llm = FakeLlm(lambda number, messages: Refused("no field temperature", all_alike=False))
    answers = asked(llm, 50, concurrency=2, requests_per_minute=6000)
    assert {answer.error_reason for answer in answers} <= {"llm_unavailable", "llm_failed"}
    assert "the first 3 were refused: no field temperature" in answers[-1].error and len(llm.sent) < 8
    assert all(answer.is_asked_again for answer in answers)


def test_a_wrong_key_ends_the_job_after_what_is_under_way():
    llm = FakeLlm(lambda number, messages: Refused("no such key", all_alike=True))
    answers = asked(llm, 50, concurrency=2, requests_per_minute=6000)
    assert {(answer.error_reason, answer.error) for answer in answers} == {("llm_unavailable", "no such key")}
    assert len(llm.sent) <= 2 and all(answer.is_asked_again for answer in answers)


@pytest.mark.parametrize("tokens", [0, 27, 300, 1000, 5000])
def test_a_budget_ends_the_job_cleanly_and_is_never_overrun(tokens):
    llm = FakeLlm()
    answers = asked(llm, 60, budget_tokens=tokens, requests_per_minute=6000)
    spent = sum(answer.input_tokens + answer.output_tokens for answer in answers)
    reserved = sum(LlmSettings().reservation([{"role": "user", "content": "loud 10"}]))
    assert spent <= tokens and (spent == 60 * 27 or spent > tokens - reserved - 27)
    assert {answer.error_reason for answer in answers if answer.text is None} <= {"budget"}
    assert len(llm.sent) == sum(answer.text is not None for answer in answers)


def test_a_budget_below_one_request_is_told_with_both_figures():
    llm = FakeLlm()
    (answer,) = asked(llm, budget_tokens=100)
    reserved = sum(LlmSettings().reservation([{"role": "user", "content": "loud 0"}]))
    assert (answer.error_reason, llm.sent) == ("budget", [])
    assert f"the budget of 100 tokens is less than one request may cost, {reserved} tokens: raise it" in answer.error


def test_a_budget_of_money_counts_attempts_that_may_have_been_billed():
    prices = {"usd_per_million_input": 10.0, "usd_per_million_output": 10.0}
    lost = FakeLlm(lambda number, messages: NotAnswered("dropped", "gone", may_cost=True))
    (answer,) = asked(lost, budget_usd=0.005, **prices)  # an attempt is reckoned at some 0.0022
    assert (answer.error_reason, answer.attempts) == ("budget", 2)
    free = FakeLlm(lambda number, messages: LIMITED)
    assert asked(free, budget_usd=0.005, **prices)[0].error_reason == "llm_failed"


def test_a_request_larger_than_the_limit_of_tokens_is_not_sent():
    llm = FakeLlm()
    (answer,) = asked(llm, tokens_per_minute=100)
    assert (answer.error_reason, llm.sent) == ("too_large", []) and "the limit is 100 a minute" in answer.error


def test_a_parameter_that_the_server_does_not_know_costs_one_attempt_and_no_pause():
    llm = scripted(NotAnswered("adapted", "unsupported parameter"))
    (answer,) = asked(llm, requests_per_minute=6000)
    assert answer.attempts == 2 and llm.sent[1][0] - llm.sent[0][0] < 0.6


def killed_after(files, llm, seconds, count, **settings):
    """A process that asks, and is gone after so long: nothing that it does then is written down."""

    async def story():
        asker = await opened(files, llm, "killed", **settings)
        task = asyncio.create_task(answers_of(asker, requests(count)))
        await asyncio.sleep(seconds)
        kept = dict(files.kept)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        files.kept = kept

    run(story())


@pytest.mark.parametrize("seconds", [0.2, 3.3, 7.7, 13.1])
def test_after_a_crash_nothing_is_asked_twice_but_what_was_under_way_and_that_is_counted(seconds):
    files, first, second = MemoryFiles(), FakeLlm(seconds=2.0), FakeLlm()
    killed_after(files, first, seconds, 30)
    under_way = {messages[0]["content"] for moment, messages in first.sent if moment > 1000 + seconds - 2}
    answers = asked(second, 30, files, "second")
    assert all(answer.text for answer in answers)
    asked_twice = {messages[0]["content"] for _, messages in first.sent} & {
        messages[0]["content"] for _, messages in second.sent
    }
    assert asked_twice == under_way
    assert sum(answer.unknown for answer in answers) == len(under_way)


def test_a_complaint_survives_a_crash_and_its_answer_is_not_paid_for_again():
    files, llm = MemoryFiles(), scripted(ODD)
    killed_after(files, llm, 1.2, 1)
    assert len(llm.sent) == 2  # the second was under way
    better = FakeLlm()
    (answer,) = asked(better, 1, files, "second")
    assert len(better.sent[0][1]) == 3 and len(better.sent) == 1
    assert (answer.attempts, answer.unknown, answer.input_tokens) == (3, 1, 40)


class Faulty(FakeLlm):
    """Meets 30 % of the requests with one of eight faults; notes for how long it asked to be left alone."""

    def __init__(self, share=0.3):
        super().__init__(seconds=0.8)
        self._share, self._rng, self.closed = share, random.Random(1), []

    async def attempt(self, messages):
        kind = self._rng.randrange(8) if self._rng.random() < self._share else None
        answer = await super().attempt(messages)
        if kind == 0:  # a hang
            await asyncio.sleep(59)
        if kind == 1:
            now = asyncio.get_running_loop().time()
            self.closed.append((now, now + 4))
            return NotAnswered("rate_limited", "too many requests", retry_after=4)
        faults = [
            NotAnswered("timeout", "no answer", may_cost=True),
            None,
            LIMITED,
            BROKEN,
            EMPTY,
            ODD,
            BROKEN,
            LIMITED,
        ]
        return answer if kind is None else faults[kind]


def used_share(moments, limit, start, end, closed=()):
    """Attempts between two moments as a share of the limit over the time that was not closed."""
    within = [moment for moment in moments if start <= moment < end]
    open_seconds, reached = 0.0, start
    for begins, ends in sorted(closed):
        open_seconds += max(0.0, min(begins, end) - reached)
        reached = max(reached, min(ends, end))
    open_seconds += max(0.0, end - reached)
    return len(within) / (limit * open_seconds / 60)


def most_in_a_minute(moments):
    """The largest number of moments in any span of a minute."""
    return max(sum(start <= moment < start + 60 for moment in moments) for start in moments)


@pytest.mark.parametrize(("share", "least"), [(0.0, 0.95), (0.3, 0.90)])
def test_of_a_limit_per_minute_no_minute_holds_more_and_a_backlog_uses_nearly_all(share, least):
    files, llm = MemoryFiles(), Faulty(share)
    answers = asked(llm, 500, files)
    assert all(answer.text for answer in answers)
    intents = [json.loads(files.read(info.path)) for info in files.list("intents")]
    moments = sorted(attempt["at"] for intent in intents for attempt in intent["attempts"])
    assert len(moments) == len(llm.sent) == sum(answer.attempts for answer in answers)
    assert most_in_a_minute(moments) <= 60
    firsts = {}
    for moment, messages in llm.sent:
        firsts.setdefault(messages[0]["content"], moment)
    sent = [moment for moment, _ in llm.sent]
    assert used_share(sent, 60, sent[0], max(firsts.values()), llm.closed) >= least


def test_of_a_limit_of_tokens_no_minute_holds_more_and_a_backlog_uses_nearly_all():
    llm = FakeLlm(lambda number, messages: Answered("This sound is loud.", 20, 120))  # of 230 or so reserved
    asked(llm, 400, requests_per_minute=10_000, tokens_per_minute=10_000)
    moments = [moment for moment, _ in llm.sent]
    assert most_in_a_minute(moments) * 140 <= 10_000
    assert used_share(moments, 10_000 / 140, moments[0], moments[-1]) >= 0.95
