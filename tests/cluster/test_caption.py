import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from asd_core.captions.answers import check_answer
from asd_core.errors import UsageError
from asd_core.llm.captioner import LlmCaptioner
from asd_core.llm.limits import Limits
from asd_core.llm.settings import LlmSettings
from asd_core.store.local_files import LocalFiles
from cluster.caption import RayGate, limits_actor
from cluster.caption_actor import LimitsActor
from tests.conftest import KEY_OF_NODES
from tests.llm_server import Faults, LlmServer
from tests.llm_server.asker import requests_of
from tests.llm_server.killing import ask_until_killed, twice_answered, unknown_of
from tests.llm_server.measures import dispatched, most_in_any, used_share

WINDOW = 2.0
KEY = "sk-only-in-the-environment-of-the-driver"


@pytest.fixture(autouse=True)
def key(ray_session, monkeypatch):
    """The driver's own key; Ray was started without it, and its processes have another."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def settings_for(server, **changes):
    return LlmSettings(**{"model": "m", "base_url": server.url, "requests_per_minute": 6000} | changes)


def opened(settings, store, window=WINDOW, **options):
    gate = partial(RayGate, window, **options)
    return LlmCaptioner(settings, str(store), check_answer, open_gate=gate)


def asked(settings, store, wanted, window=WINDOW):
    """The answers to requests, by request id."""
    captioner = opened(settings, store, window)
    try:
        captioner.submit(wanted)
        return {answer.request_id: answer for answer in captioner.answers()}
    finally:
        captioner.close()


def actor_pid(window=WINDOW):
    import ray

    return ray.get(limits_actor(window).__ray_call__.remote(lambda actor: os.getpid()))


def test_every_request_gets_its_own_answer_with_the_key_of_the_driver_and_not_of_the_nodes(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        wanted = requests_of(settings, 20)
        answers = asked(settings, tmp_path, wanted)
    assert [answers[each.request_id].text for each in wanted] == [
        f"This sound is {each.prompt[4:]}." for each in wanted
    ]
    assert server.keys == {f"Bearer {KEY}"}


def test_a_key_that_only_the_nodes_have_is_none(ray_session, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        opened(LlmSettings(), tmp_path)


def test_what_was_submitted_is_not_asked_again_and_more_can_be_submitted(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        captioner = opened(settings, tmp_path)
        assert list(captioner.answers()) == []
        captioner.submit(requests_of(settings, 3))
        captioner.submit(requests_of(settings, 5))
        assert len(list(captioner.answers())) == 5
        captioner.submit(requests_of(settings, 6))
        assert len(list(captioner.answers())) == 1
        captioner.close()
        captioner.close()
    assert len(server.log) == 6


def test_a_cluster_has_one_captioner(ray_session):
    assert actor_pid() == actor_pid() != os.getpid()


def test_two_jobs_share_the_lower_limit_and_no_window_holds_more(ray_session, tmp_path):
    with LlmServer(Faults(0.3, seed=5), retry_after=0.3) as server, ThreadPoolExecutor(2) as pool:
        lower = settings_for(server, requests_per_minute=50, concurrency=12, timeout_seconds=1.0, max_attempts=12)
        higher = settings_for(server, requests_per_minute=900, concurrency=99, timeout_seconds=1.0, max_attempts=12)
        wanted = requests_of(lower, 100)
        halves = wanted[:60], wanted[40:]
        jobs = [
            pool.submit(asked, settings, tmp_path, half) for settings, half in zip((lower, higher), halves, strict=True)
        ]
        answers = [job.result() for job in jobs]
    assert [len(each) for each in answers] == [60, 60]
    assert all(answer.text for each in answers for answer in each.values())
    assert answers[0][wanted[50].request_id] == answers[1][wanted[50].request_id]
    moments = dispatched(LocalFiles(tmp_path))
    assert len(server.log) <= len(moments)
    while_both = [moment for moment in moments if moment < moments[0] + 4]
    assert most_in_any(while_both, WINDOW) <= 50
    arrivals = sorted(arrival.at for arrival in server.log)
    assert all(arrival >= moment for arrival, moment in zip(arrivals, sorted(moments), strict=False))  # none unrecorded
    assert used_share(server.log, 50, WINDOW, 0.3) >= 0.9


def test_two_jobs_that_ask_for_the_same_at_the_same_time_pay_for_it_once(ray_session, tmp_path):
    with LlmServer(seconds=0.1) as server, ThreadPoolExecutor(2) as pool:
        settings = settings_for(server)
        wanted = requests_of(settings, 30)
        first, second = (pool.submit(asked, settings, tmp_path, each) for each in (wanted, wanted[::-1]))
        assert first.result() == second.result()
    assert len(server.log) == 30


def test_a_budget_is_the_job_s_own(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        poor = settings_for(server, budget_tokens=300)
        wanted = requests_of(settings, 30)
        first = asked(poor, tmp_path, wanted)
        second = asked(settings, tmp_path, wanted)
    assert {answer.error_reason for answer in first.values()} == {None, "budget"}
    assert all(answer.text for answer in second.values()) and len(server.log) == 30


def test_a_budget_is_not_spent_again_after_the_actor_was_killed(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server, budget_tokens=1000)
        captioner = opened(settings, tmp_path)
        captioner.submit(requests_of(settings, 20))
        answers = list(captioner.answers())
        os.kill(actor_pid(), 9)
        captioner.submit(requests_of(settings, 100))
        answers += captioner.answers()
        captioner.close()
    assert len(answers) == 100 and {answer.error_reason for answer in answers} == {None, "budget"}
    assert 20 * 27 < sum(answer.input_tokens + answer.output_tokens for answer in answers) <= 1000


def test_a_driver_that_stood_still_until_its_job_was_ended_gets_the_rest_of_its_answers(ray_session, tmp_path):
    import ray

    with LlmServer() as server:
        settings = settings_for(server)
        captioner = opened(settings, tmp_path)
        captioner.submit(requests_of(settings, 5))
        first = list(captioner.answers())
        ray.get(limits_actor(WINDOW).end.remote(captioner.job))  # as it does with those it takes for dead
        captioner.submit(requests_of(settings, 8))
        rest = list(captioner.answers())
        captioner.close()
    assert (len(first), len(rest)) == (5, 3) and all(answer.text for answer in first + rest)


def test_a_driver_without_a_word_from_the_actor_sends_nothing_on_old_permission(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server, max_attempts=2)
        captioner = opened(settings, tmp_path, lease_seconds=0.0)
        captioner.submit(requests_of(settings, 3))
        answers = list(captioner.answers())
        captioner.close()
    assert server.log == [] and {answer.error_reason for answer in answers} == {"llm_failed"}
    assert all("its permission ended; nothing was sent" in answer.error for answer in answers)


def test_what_waits_for_a_job_that_ends_or_begins_again_is_turned_away(ray_session):
    import ray

    actor = limits_actor(WINDOW)
    told = "a job", "m at h", Limits(6000, None, 1)
    for again in (lambda: actor.begin.remote(*told), lambda: actor.end.remote("a job")):
        ray.get(actor.begin.remote(*told))
        assert ray.get(actor.at_gate.remote("a job", "enter", 1)).at <= time.time()
        waiting = actor.at_gate.remote("a job", "enter", 1)
        assert ray.wait([waiting], timeout=0.2)[0] == []
        ray.get(again())
        assert ray.get(waiting) is None
    assert ray.get(actor.at_gate.remote("a job", "enter", 1)) is None


@pytest.mark.parametrize(
    ("count", "after"), [(60, 20), pytest.param(500, 250, marks=pytest.mark.slow)], ids=["sixty", "five-hundred"]
)
def test_an_actor_that_is_killed_comes_back_closed_and_nothing_stored_is_asked_again(
    ray_session, tmp_path, count, after
):
    with LlmServer(seconds=0.2) as server:
        settings = settings_for(server, requests_per_minute=100, concurrency=8)
        told = []
        captioner = opened(settings, tmp_path, say=told.append)
        captioner.submit(requests_of(settings, count))
        while sum(server.answered.values()) < after:
            time.sleep(0.005)
        os.kill(actor_pid(), 9)
        killed = time.time()
        answers = {answer.request_id: answer for answer in captioner.answers()}
        captioner.close()
    assert len(answers) == count and all(answer.text for answer in answers.values())
    assert twice_answered(server) == unknown_of(answers) == 0  # the driver lives
    assert len(told) == 1 and "nothing is asked for 2 s after a kill" in told[0]
    later = [arrival.at for arrival in server.log if arrival.at > killed + 0.1]
    assert later[0] >= killed + WINDOW and most_in_any([arrival.at for arrival in server.log], WINDOW) <= 100 + 8


@pytest.mark.slow
def test_a_driver_that_is_killed_with_its_own_ray_has_its_work_finished_by_the_next(ray_session, tmp_path):
    with LlmServer(seconds=0.3) as server:
        settings = settings_for(server, requests_per_minute=100, concurrency=8)
        ask_until_killed("ray", settings, str(tmp_path), server, 60, 20, KEY)
        answers = asked(settings, tmp_path, requests_of(settings, 60))
    assert len(answers) == 60 and all(answer.text for answer in answers.values())
    assert twice_answered(server) <= unknown_of(answers) <= 8


@pytest.mark.slow
def test_a_driver_that_is_killed_leaves_its_attempts_counted_and_its_work_to_the_next(ray_session, tmp_path):
    import ray

    with LlmServer(seconds=0.2) as server:
        settings, before = settings_for(server, requests_per_minute=100, concurrency=8), actor_pid()
        cluster = ray.get_runtime_context().gcs_address
        ask_until_killed("ray", settings, str(tmp_path), server, 500, 250, KEY, cluster=cluster)
        stored, sent = len(LocalFiles(tmp_path).list("answers")), len(server.log)
        killed = time.time()
        answers = asked(settings, tmp_path, requests_of(settings, 500))
    assert len(answers) == 500 and all(answer.text for answer in answers.values())
    assert actor_pid() == before and stored >= 250 - 8 and len(server.log) - sent == 500 - stored
    assert twice_answered(server) <= unknown_of(answers) <= 8
    assert most_in_any([arrival.at for arrival in server.log], WINDOW) <= 100 + 8
    assert server.log[sent].at < killed + 65  # the places of the dead driver come back with its lease


def test_jobs_that_died_give_their_places_back_and_an_actor_that_nobody_comes_to_ends_itself(ray_session):
    import ray

    options = {"num_cpus": 0, "max_restarts": -1, "lifetime": "detached", "name": "short-lived"}
    actor = ray.remote(LimitsActor).options(**options).remote(WINDOW, lease_seconds=0.5, idle_seconds=0.7)
    for job in ("it died", "it lives"):
        ray.get(actor.begin.remote(job, "m at h", Limits(6000, None, 2)))
    for _ in range(2):
        ray.get(actor.at_gate.remote("it died", "enter", 1))
    waiting, start = actor.at_gate.remote("it lives", "enter", 1), time.monotonic()
    while not ray.wait([waiting], timeout=0.1)[0]:
        assert ray.get(actor.at_gate.remote("it lives", "holds"))
    assert ray.get(waiting) and time.monotonic() - start > 0.3
    assert ray.get(actor.at_gate.remote("it died", "holds")) is None
    with pytest.raises(ray.exceptions.RayActorError):
        while True:
            ray.get(actor.at_gate.remote("it died", "holds"))
            time.sleep(0.1)
    with pytest.raises(ValueError, match="short-lived"):
        ray.get_actor("short-lived")


def test_a_store_that_cannot_be_written_is_said_in_one_line(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        wanted = requests_of(settings, 3)
        for request in wanted:
            (tmp_path / "intents" / f"{request.request_id}.json").mkdir(parents=True)
        answers = asked(settings, tmp_path, wanted)
    assert {answer.error_reason for answer in answers.values()} == {"llm_failed"}
    assert all("cannot write" in answer.error and "\n" not in answer.error for answer in answers.values())
    assert server.log == []


def test_the_key_is_nowhere_in_store_logs_or_what_ray_knows_of_its_actors(ray_session, tmp_path):
    import ray
    from ray._private.state import actors, jobs  # what the dashboard shows

    with LlmServer(lambda number, prompt: ["status-400", "status-503", "ok"][number % 3]) as server:
        settings = settings_for(server, max_attempts=2)  # the server repeats the key in its errors
        answers = asked(settings, tmp_path, requests_of(settings, 12))
    assert server.keys == {f"Bearer {KEY}"}
    logs = Path(ray._private.worker._global_node.get_session_dir_path())
    kept = [path.read_bytes() for folder in (tmp_path, logs) for path in folder.rglob("*") if path.is_file()]
    for secret in (KEY, KEY_OF_NODES):
        assert len(kept) > 20 and not any(secret.encode() in data for data in kept)
        assert secret not in repr(answers) + repr(actors()) + repr(jobs())
    assert "OPENAI_API_KEY" in repr(answers)
