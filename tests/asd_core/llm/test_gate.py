import asyncio
import random

import pytest

from asd_core.llm.gate import Gate
from asd_core.llm.limits import Limits
from asd_core.llm.permission import TooLarge
from tests.asd_core.llm.virtual_time import run
from tests.llm_server.measures import most_in_any


async def attempts(gate, job, count, seconds=1.0, order=None):
    """So many attempts, all wanted at once; the moments at which they went."""

    async def one():
        given = await gate.enter(job, 1)
        (order if order is not None else []).append(job)
        await asyncio.sleep(seconds)
        gate.leave(job, given, 1)
        return given.at

    return sorted(await asyncio.gather(*(one() for _ in range(count))))


async def open_gate(limits, window=60.0, jobs=("a",), set_back=0.0):
    """A gate whose wall clock says 5000 where the virtual loop begins, less by how much it was set back since."""
    gate = Gate(window, wall=lambda: 4000.0 + asyncio.get_running_loop().time() - set_back)
    for job in jobs:
        await gate.begin(job, "m", limits)
    return gate


def test_attempts_go_one_after_another_in_even_steps():
    async def story():
        gate = await open_gate(Limits(60, None, 100))
        return await attempts(gate, "a", 5)

    assert run(story()) == pytest.approx([5000, 5001, 5002, 5003, 5004])


def test_no_more_are_under_way_than_may_be():
    async def story():
        gate = await open_gate(Limits(6000, None, 2))
        return await attempts(gate, "a", 6, seconds=10)

    moments = run(story())
    assert [round((moment - 5000) / 10) for moment in moments] == [0, 0, 1, 1, 2, 2]


def test_closing_holds_back_those_who_wait_already():
    async def story():
        gate = await open_gate(Limits(60, None, 100))
        waiting = asyncio.create_task(attempts(gate, "a", 3))
        await asyncio.sleep(0.5)
        gate.close_for("a", 20)
        return await waiting

    first, second, third = run(story())
    assert (second - first, third - second) == (pytest.approx(20.5), pytest.approx(1))


def test_jobs_take_turns():
    async def story():
        gate, order = await open_gate(Limits(60, None, 1), jobs=("many", "few")), []
        many = asyncio.create_task(attempts(gate, "many", 20, order=order))
        await asyncio.sleep(3.5)
        await attempts(gate, "few", 3, order=order)
        await many
        return order

    assert run(story())[4:10].count("few") == 3


def test_the_strictest_limits_of_the_jobs_at_work_hold_and_go_with_their_job():
    async def story():
        gate = await open_gate(Limits(60, None, 9))
        await gate.begin("b", "m", Limits(600, 50, 3))
        both = gate.limits
        await gate.end("a")
        alone = gate.limits
        await gate.end("b")
        return both, alone, gate.limits

    assert run(story()) == (Limits(60, 50, 3), Limits(600, 50, 3), Limits(600, 50, 3))


def test_settled_tokens_let_the_next_go_earlier():
    async def story():
        gate = await open_gate(Limits(6000, 100, 9))
        first = await gate.enter("a", 90)
        waiting = asyncio.create_task(gate.enter("a", 90))
        await asyncio.sleep(5)
        gate.leave("a", first, tokens=5)
        return (await waiting).at - first.at

    assert run(story()) == pytest.approx(5, abs=0.01)


def test_who_gives_up_waiting_is_passed_over_and_gives_back_what_it_got():
    async def story():
        gate = await open_gate(Limits(6000, None, 1))
        given = await gate.enter("a", 1)
        lost = [asyncio.create_task(gate.enter("a", 1)) for _ in range(3)]
        await asyncio.sleep(0.1)
        gate.leave("a", given, 1)
        for task in lost:
            task.cancel()
        await asyncio.gather(*lost, return_exceptions=True)
        return (await gate.enter("a", 1)).at - given.at

    assert run(story()) < 1


def test_a_process_hands_its_last_minute_over_to_the_next():
    async def story():
        first = await open_gate(Limits(3, None, 9))
        await attempts(first, "a", 3, seconds=0)
        second = await open_gate(Limits(3, None, 9))
        await second.begin("a", "m", Limits(3, None, 9), left := await first.end("a"))
        await second.begin("b", "m", Limits(3, None, 9), left)  # again, and counted once
        recent = await second.end("b")
        return left, recent, (await second.enter("a", 1)).at - left[0][0]

    left, recent, after = run(story())
    assert len(left) == 3 and recent == [(pytest.approx(at), tokens) for at, tokens in left] and after >= 60


@pytest.mark.parametrize("set_back", [3600.0, 1e9])
def test_a_clock_that_is_set_back_costs_no_more_than_a_window(set_back):
    async def story():
        first = await open_gate(Limits(3, None, 9))
        await attempts(first, "a", 3, seconds=0)
        second = await open_gate(Limits(3, None, 9), set_back=set_back)
        start = asyncio.get_running_loop().time()
        await second.begin("a", "m", Limits(3, None, 9), await first.end("a"))
        await second.enter("a", 1)
        return asyncio.get_running_loop().time() - start

    assert 59 < run(story()) < 70


@pytest.mark.parametrize("limits", [Limits(4, None, 9), Limits(1000, 4, 9), Limits(4, None, 2)])
def test_no_window_at_the_server_holds_more_however_long_attempts_are_on_their_way(limits):
    arrived, rng = [], random.Random(7)

    async def one(gate):
        given = await gate.enter("a", 1)
        way, seconds = rng.uniform(0, 5), rng.uniform(0, 20)
        await asyncio.sleep(way)
        arrived.append(asyncio.get_running_loop().time())
        await asyncio.sleep(seconds)
        gate.leave("a", given, 1, way + seconds)

    async def story():
        gate = await open_gate(limits)
        await asyncio.gather(*(one(gate) for _ in range(60)))

    run(story())
    assert most_in_any(arrived, 60.0) == 4
    assert 60 / (max(arrived) - min(arrived)) > 0.85 * 4 / 60


def test_an_attempt_that_is_not_over_is_counted_for_as_long_as_it_lasts():
    async def story():
        gate = await open_gate(Limits(1, None, 9))
        first = await gate.enter("a", 1)
        waiting = asyncio.create_task(gate.enter("a", 1))
        await asyncio.sleep(200)
        gate.leave("a", first, 1, 200)
        return (await waiting).at - first.at, await gate.pause("a")

    seconds, pause = run(story())
    assert seconds == pytest.approx(200) and pause == float("inf")


def test_an_attempt_above_the_limit_of_tokens_is_refused_and_holds_nobody_up():
    async def story():
        gate = await open_gate(Limits(60, 100, 1))
        return await asyncio.gather(gate.enter("a", 101), gate.enter("a", 100))

    refused, given = run(story())
    assert refused == TooLarge(101, 100) and given.at == 5000


def test_a_job_that_ends_gives_its_places_back_and_its_attempts_still_count():
    async def story():
        gate = await open_gate(Limits(2, None, 2), jobs=("a", "b"))
        first = [await gate.enter("a", 1) for _ in range(2)]
        waiting = asyncio.create_task(gate.enter("a", 1))
        await asyncio.sleep(0)
        await gate.end("a")
        gate.leave("a", first[0], 1)  # late, and nothing to give back any more
        return await waiting, await gate.enter("a", 1), (await gate.enter("b", 1)).at - first[0].at

    refused, unknown, after = run(story())
    assert refused is None and unknown is None and after >= 60


def test_a_job_that_begins_again_has_nothing_under_way_and_what_it_sent_still_counts():
    async def story():
        gate = await open_gate(Limits(4, None, 2))
        lost = [await gate.enter("a", 1) for _ in range(2)]  # of which the job has not heard
        waiting = asyncio.create_task(gate.enter("a", 1))
        await asyncio.sleep(0)
        await gate.begin("a", "m", Limits(4, None, 2))
        return await waiting, [(await gate.enter("a", 1)).at - lost[0].at for _ in range(2)], await gate.end("a")

    refused, seconds, recent = run(story())
    assert refused is None and seconds == pytest.approx([30, 45]) and len(recent) == 4


def test_a_request_is_one_job_s_at_a_time():
    async def story():
        gate = await open_gate(Limits(60, None, 1))
        said = [await gate.claim("a", "r1"), await gate.claim("a", "r1")]
        await gate.begin("b", "m", Limits(60, None, 1))
        said += [await gate.claim("b", "r1"), await gate.claim("b", "r2"), await gate.claim("a", "r2")]
        gate.release("b", "r1")  # not b's to give back
        said.append(await gate.claim("b", "r1"))
        gate.release("a", "r1")
        said.append(await gate.claim("b", "r1"))
        await gate.end("b")
        return [*said, await gate.claim("a", "r1")]

    assert run(story()) == ["alone", "alone", "taken", "shared", "taken", "taken", "shared", "shared"]


def test_a_stranger_is_who_never_began_here():
    async def story():
        gate = await open_gate(Limits(60, None, 1), jobs=("a", "b"))
        await gate.end("b")
        return await gate.strangers("a", {"a", "b", "c"})

    assert run(story()) == {"c"}
