import asyncio
import time

import pytest

from asd_core.errors import UsageError
from asd_core.llm.jobs import Desk
from asd_core.llm.ledger import Attempt, History, Ledger
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.fakes import FakeLlm

FAST = LlmSettings("m", "http://h/v1", requests_per_minute=1000)


def requests(count):
    return [CaptionRequest(f"r{i}", f"clip{i}", f"loud {i}") for i in range(count)]


def moments(llm):
    return [moment for moment, _ in llm.sent]


async def answered(desk, job, wanted):
    """Submit requests and wait for their answers."""
    came = []
    desk.submit(job, wanted, came.append)
    while len(came) < len(wanted):
        await asyncio.sleep(0.005)
    return came


def opened(llm, window, **options):
    return Desk(window, open_llm=lambda settings: llm, **options)


def crashed_at(folder, moment):
    attempts = (Attempt(moment, "another"),)
    Ledger(LocalFiles(folder), "another").intend(CaptionRequest("r9", "c", "p"), FAST.name, History(attempts))


def test_nothing_goes_for_one_window_after_what_a_crash_left_behind(tmp_path):
    llm = FakeLlm(seconds=0)

    async def story():
        begun = time.time()
        crashed_at(tmp_path, begun - 0.1)
        desk = opened(llm, 0.5)
        await desk.begin("a", FAST, str(tmp_path))
        await answered(desk, "a", requests(1))
        return time.time() - begun

    assert asyncio.run(story()) >= 0.4


def test_what_a_dying_process_still_stores_meanwhile_is_found(tmp_path):
    llm, dying = FakeLlm(seconds=0), Ledger(LocalFiles(tmp_path), "another")

    async def story():
        crashed_at(tmp_path, time.time())
        desk = opened(llm, 0.5)
        await desk.begin("a", FAST, str(tmp_path))
        waiting = asyncio.create_task(answered(desk, "a", requests(2)))
        await asyncio.sleep(0.2)
        crashed_at(tmp_path, at := time.time())
        dying.intend(requests(2)[0], FAST.name, History((Attempt(at, "another"),)))
        dying.store(CaptionAnswer("r0", "This sound is stored late.", attempts=1))
        texts = {answer.text for answer in await waiting}
        await desk.end("a")
        return texts, time.time() - at

    texts, seconds = asyncio.run(story())
    assert texts == {"This sound is stored late.", "This sound is loud 1."}
    assert len(llm.sent) == 1 and seconds >= 0.5


def test_a_job_may_end_while_it_outwaits_another_process(tmp_path):
    async def story():
        crashed_at(tmp_path, time.time())
        desk = opened(FakeLlm(), 60.0)
        await desk.begin("a", FAST, str(tmp_path))
        desk.submit("a", requests(2), lambda answer: None)
        await asyncio.sleep(0.01)
        await desk.end("a")

    start = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("ago", [0.6, 3600.0])
def test_a_crash_longer_ago_than_that_costs_no_time(tmp_path, ago):
    crashed_at(tmp_path, time.time() - ago)
    assert first_after(tmp_path, 0.5) < 0.3


def test_a_clock_that_was_ahead_costs_no_more_than_a_window(tmp_path):
    crashed_at(tmp_path, time.time() + 3600)
    assert 0.4 < first_after(tmp_path, 0.5) < 2


def test_a_desk_in_the_place_of_a_killed_one_stays_closed_for_a_window(tmp_path):
    assert first_after(tmp_path, 0.5, is_reborn=True) >= 0.45
    assert first_after(tmp_path / "other", 0.5) < 0.3


def first_after(folder, window, **options):
    """Seconds from opening a desk to the answer to its first request."""

    async def story():
        desk = opened(FakeLlm(seconds=0), window, **options)
        start = time.monotonic()
        await desk.begin("a", FAST, str(folder))
        await answered(desk, "a", requests(1))
        return time.monotonic() - start

    return asyncio.run(story())


def two_runs(folder, window, limit):
    """Moments of the attempts of two runs one after the other, whose rows are not even published."""
    settings = LlmSettings("m", "http://h/v1", requests_per_minute=limit)
    llms = [FakeLlm(seconds=0), FakeLlm(seconds=0)]

    async def story():
        for number, llm in enumerate(llms):
            desk = opened(llm, window)
            await desk.begin("a", settings, str(folder))
            await answered(desk, "a", requests(4)[2 * number : 2 * number + 2])
            await desk.end("a")

    asyncio.run(story())
    return [moments(llm) for llm in llms]


def test_the_last_minute_of_a_run_that_ended_counts_for_the_next(tmp_path):
    first, second = two_runs(tmp_path, 1.0, 2)
    assert [later - earlier >= 1.0 for earlier, later in zip(first, second, strict=True)] == [True, True]


def test_after_a_run_that_ended_in_order_nothing_is_waited_for(tmp_path):
    first, second = two_runs(tmp_path, 3600.0, 10**7)  # or it would be waited for an hour
    assert len(first) == len(second) == 2


def test_a_job_that_ends_has_what_is_under_way_stored_and_the_rest_not_sent(tmp_path):
    llm = FakeLlm(seconds=0.2)
    settings = LlmSettings("m", "http://h/v1", requests_per_minute=1000, concurrency=3)

    async def story():
        desk = opened(llm, 1.0)
        await desk.begin("a", settings, str(tmp_path))
        desk.submit("a", requests(20), lambda answer: None)
        await asyncio.sleep(0.1)
        await desk.end("a")
        return desk.jobs

    assert asyncio.run(story()) == []
    assert len(llm.sent) == 3 and llm.is_closed
    assert len(LocalFiles(tmp_path).list("answers")) == 3


def test_a_job_is_idle_when_all_that_it_submitted_is_answered(tmp_path):
    async def story():
        desk = opened(FakeLlm(seconds=0.05), 1.0)
        await desk.begin("a", FAST, str(tmp_path))
        task = asyncio.create_task(answered(desk, "a", requests(3)))
        await asyncio.sleep(0.01)
        before = desk.is_idle("a")
        await task
        await asyncio.sleep(0.01)
        return before, desk.is_idle("a")

    assert asyncio.run(story()) == (False, True)


def test_a_store_that_cannot_be_written_is_told_and_nothing_is_sent(tmp_path):
    for name in ("r0", "r1"):
        (tmp_path / "intents" / f"{name}.json").mkdir(parents=True)
    llm = FakeLlm()

    async def story():
        desk = opened(llm, 1.0)
        await desk.begin("a", FAST, str(tmp_path))
        return await answered(desk, "a", requests(2))

    came = asyncio.run(story())
    assert ["cannot write" in str(error) for error in came] == [True, True]
    assert llm.sent == []


def test_two_llms_have_limits_of_their_own(tmp_path):
    llms = {name: FakeLlm(seconds=0) for name in ("m", "n")}

    async def story():
        desk = Desk(60.0, open_llm=lambda settings: llms[settings.model])
        for name in llms:
            await desk.begin(name, LlmSettings(name, "http://h/v1", requests_per_minute=1), str(tmp_path))
            await answered(desk, name, requests(1))

    start = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - start < 30


def test_without_a_key_no_job_begins(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    async def story():
        desk = Desk()
        with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
            await desk.begin("a", FAST, str(tmp_path))
        return desk.jobs

    assert asyncio.run(story()) == []
