import asyncio

import pytest

from asd_core.llm.gate import Gate
from asd_core.llm.limits import Limits
from tests.asd_core.llm.virtual_time import run


async def attempts(gate, job, count, seconds=1.0, order=None):
    """So many attempts, all wanted at once; the moments at which they went."""

    async def one():
        given = await gate.enter(job, 1)
        (order if order is not None else []).append(job)
        await asyncio.sleep(seconds)
        gate.leave(given, 1)
        return given.at

    return sorted(await asyncio.gather(*(one() for _ in range(count))))


async def open_gate(limits, window=60.0, jobs=("a",)):
    gate = Gate(window, wall=lambda: 5000.0)
    for job in jobs:
        gate.admit(job, limits)
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
        gate.close_until(gate.now + 20)
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


def test_the_lowest_limits_of_the_jobs_at_work_hold_and_go_with_their_job():
    async def story():
        gate = await open_gate(Limits(60, None, 9))
        gate.admit("b", Limits(600, 50, 3))
        both = gate.limits
        gate.dismiss("a")
        alone = gate.limits
        gate.dismiss("b")
        return both, alone, gate.limits

    assert run(story()) == (Limits(60, 50, 3), Limits(600, 50, 3), Limits(600, 50, 3))


def test_settled_tokens_let_the_next_go_earlier():
    async def story():
        gate = await open_gate(Limits(6000, 100, 9))
        first = await gate.enter("a", 90)
        waiting = asyncio.create_task(gate.enter("a", 90))
        await asyncio.sleep(5)
        gate.leave(first, tokens=5)
        return (await waiting).at - first.at

    assert run(story()) == pytest.approx(5, abs=0.01)


def test_who_gives_up_waiting_is_passed_over_and_gives_back_what_it_got():
    async def story():
        gate = await open_gate(Limits(6000, None, 1))
        given = await gate.enter("a", 1)
        lost = [asyncio.create_task(gate.enter("a", 1)) for _ in range(3)]
        await asyncio.sleep(0.1)
        gate.leave(given, 1)
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
        second.restore(left := first.recent())
        return left, second.recent(), (await second.enter("a", 1)).at - left[0][0]

    left, recent, after = run(story())
    assert len(left) == 3 and recent == [(pytest.approx(at), tokens) for at, tokens in left] and after >= 60
