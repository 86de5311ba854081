import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asd_core.errors import AsdError
from asd_core.llm.settings import LlmSettings
from asd_core.store.local_files import LocalFiles
from cluster.caption import RayCaptioner, captioning_actor
from cluster.caption_actor import CaptioningActor
from tests.conftest import KEY_OF_NODES
from tests.llm_server import Faults, LlmServer
from tests.llm_server.asker import requests_of
from tests.llm_server.killing import ask_until_killed, twice_answered, unknown_of
from tests.llm_server.measures import dispatched, most_in_any, used_share

WINDOW = 2.0


def settings_for(server, **changes):
    return LlmSettings(**{"model": "m", "base_url": server.url, "requests_per_minute": 6000} | changes)


def asked(settings, store, wanted, window=WINDOW):
    """The answers to requests, by request id."""
    captioner = RayCaptioner(settings, str(store), window=window)
    try:
        captioner.submit(wanted)
        return {answer.request_id: answer for answer in captioner.answers()}
    finally:
        captioner.close()


def actor_pid(window=WINDOW):
    import ray

    return ray.get(captioning_actor(window).process.remote())


def test_every_request_gets_its_own_answer_with_a_key_that_only_the_node_has(ray_session, tmp_path):
    assert "OPENAI_API_KEY" not in os.environ
    with LlmServer() as server:
        settings = settings_for(server)
        wanted = requests_of(settings, 20)
        answers = asked(settings, tmp_path, wanted)
    assert [answers[each.request_id].text for each in wanted] == [
        f"This sound is {each.prompt[4:]}." for each in wanted
    ]
    assert server.keys == {f"Bearer {KEY_OF_NODES}"}


def test_what_was_submitted_is_not_asked_again_and_more_can_be_submitted(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        captioner = RayCaptioner(settings, str(tmp_path), window=WINDOW)
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
        wanted = requests_of(lower, 160)
        halves = wanted[:90], wanted[70:]
        jobs = [
            pool.submit(asked, settings, tmp_path, half) for settings, half in zip((lower, higher), halves, strict=True)
        ]
        answers = [job.result() for job in jobs]
    assert [len(each) for each in answers] == [90, 90]
    assert all(answer.text for each in answers for answer in each.values())
    assert answers[0][wanted[80].request_id] == answers[1][wanted[80].request_id]
    moments = dispatched(LocalFiles(tmp_path))
    assert len(server.log) <= len(moments)
    while_both = [moment for moment in moments if moment < moments[0] + 4]
    assert most_in_any(while_both, WINDOW) <= 50
    assert most_in_any([arrival.at for arrival in server.log], WINDOW) <= 50 + 12
    assert used_share(server.log, 50, WINDOW, 0.3) >= 0.9


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
        captioner = RayCaptioner(settings, str(tmp_path), window=WINDOW)
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
        captioner = RayCaptioner(settings, str(tmp_path), window=WINDOW)
        captioner.submit(requests_of(settings, 5))
        first = list(captioner.answers())
        ray.get(captioning_actor(WINDOW).end.remote(captioner.job))  # as it does with those it takes for dead
        captioner.submit(requests_of(settings, 8))
        rest = list(captioner.answers())
        captioner.close()
    assert (len(first), len(rest)) == (5, 3) and all(answer.text for answer in first + rest)


def test_a_job_that_begins_again_has_another_life(ray_session, tmp_path):
    import ray

    actor = captioning_actor(WINDOW)
    told = "a job", LlmSettings("m", "http://127.0.0.1:9/v1"), str(tmp_path)
    life = ray.get(actor.begin.remote(*told))
    assert ray.get(actor.begin.remote(*told)) == life
    assert ray.get(actor.collect.remote("a job", life, 0, 0.01)).came == []
    ray.get(actor.end.remote("a job"))
    assert ray.get(actor.begin.remote(*told)) != life
    assert ray.get(actor.collect.remote("a job", life, 0, 0.01)) is None
    ray.get(actor.end.remote("a job"))


@pytest.mark.parametrize(
    ("count", "after"), [(60, 20), pytest.param(500, 250, marks=pytest.mark.slow)], ids=["sixty", "five-hundred"]
)
def test_an_actor_that_is_killed_comes_back_closed_and_nothing_stored_is_asked_again(
    ray_session, tmp_path, count, after
):
    with LlmServer(seconds=0.2) as server:
        settings = settings_for(server, requests_per_minute=100, concurrency=8)
        told = []
        captioner = RayCaptioner(settings, str(tmp_path), window=WINDOW, say=told.append)
        captioner.submit(requests_of(settings, count))
        while sum(server.answered.values()) < after:
            time.sleep(0.005)
        os.kill(actor_pid(), 9)
        killed = time.time()
        answers = {answer.request_id: answer for answer in captioner.answers()}
        captioner.close()
    assert len(answers) == count and all(answer.text for answer in answers.values())
    assert twice_answered(server) <= unknown_of(answers) <= 8
    assert len(told) == 1 and "nothing is asked for 2 s after a kill" in told[0]
    later = [arrival.at for arrival in server.log if arrival.at > killed + 0.1]
    assert later[0] >= killed + WINDOW and most_in_any([arrival.at for arrival in server.log], WINDOW) <= 100 + 8


@pytest.mark.slow
def test_a_driver_that_is_killed_with_its_own_ray_has_its_work_finished_by_the_next(ray_session, tmp_path):
    with LlmServer(seconds=0.3) as server:
        settings = settings_for(server, requests_per_minute=100, concurrency=8)
        ask_until_killed("ray", settings, str(tmp_path), server, 60, 20, KEY_OF_NODES)
        answers = asked(settings, tmp_path, requests_of(settings, 60))
    assert len(answers) == 60 and all(answer.text for answer in answers.values())
    assert twice_answered(server) <= unknown_of(answers) <= 8


def test_the_work_of_a_job_that_dies_is_stored_for_the_next(ray_session, tmp_path):
    import ray

    with LlmServer(seconds=0.05) as server:
        settings = settings_for(server)
        wanted = requests_of(settings, 12)
        actor = captioning_actor(WINDOW)
        ray.get(actor.begin.remote("it died", settings, str(tmp_path)))  # and never asks for its answers
        ray.get(actor.submit.remote("it died", wanted))
        while len(LocalFiles(tmp_path).list("answers")) < 12:
            time.sleep(0.02)
        answers = asked(settings, tmp_path, wanted)
        ray.get(actor.end.remote("it died"))
    assert all(answer.text and answer.attempts == 1 for answer in answers.values()) and len(server.log) == 12


def test_jobs_that_died_are_ended_and_an_actor_that_nobody_comes_to_ends_itself(ray_session, tmp_path):
    import ray

    with LlmServer() as server:
        settings = settings_for(server)
        options = {"num_cpus": 0, "max_restarts": -1, "lifetime": "detached", "name": "short-lived"}
        actor = ray.remote(CaptioningActor).options(**options).remote(WINDOW, lease_seconds=0.2, idle_seconds=0.4)
        ray.get(actor.begin.remote("it died", settings, str(tmp_path)))
        ray.get(actor.submit.remote("it died", requests_of(settings, 3)))
        with pytest.raises(ray.exceptions.RayActorError):
            while True:
                ray.get(actor.process.remote())
                time.sleep(0.1)
    assert len(LocalFiles(tmp_path).list("answers")) == 3 and len(LocalFiles(tmp_path).list("limits")) == 1
    with pytest.raises(ValueError, match="short-lived"):
        ray.get_actor("short-lived")


def test_a_store_that_cannot_be_written_is_said_in_one_line(ray_session, tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        wanted = requests_of(settings, 3)
        for request in wanted:
            (tmp_path / "intents" / f"{request.request_id}.json").mkdir(parents=True)
        with pytest.raises(AsdError, match="cannot write .*intents") as refused:
            asked(settings, tmp_path, wanted)
    assert "\n" not in str(refused.value) and server.log == []


def test_the_key_is_nowhere_in_store_logs_or_what_ray_knows_of_its_actors(ray_session, tmp_path):
    import ray
    from ray._private.state import actors, jobs  # what the dashboard shows

    with LlmServer(lambda number, prompt: ["status-400", "status-503", "ok"][number % 3]) as server:
        settings = settings_for(server, max_attempts=2)  # the server repeats the key in its errors
        answers = asked(settings, tmp_path, requests_of(settings, 12))
    assert server.keys == {f"Bearer {KEY_OF_NODES}"}
    logs = Path(ray._private.worker._global_node.get_session_dir_path())
    kept = [path.read_bytes() for folder in (tmp_path, logs) for path in folder.rglob("*") if path.is_file()]
    assert len(kept) > 20 and not any(KEY_OF_NODES.encode() in data for data in kept)
    assert KEY_OF_NODES not in repr(answers) + repr(actors()) + repr(jobs())
    assert "OPENAI_API_KEY" in repr(answers)
