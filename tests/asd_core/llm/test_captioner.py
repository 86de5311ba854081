import json
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial

import pytest

from asd_core.captions.answers import check_answer
from asd_core.errors import UsageError
from asd_core.llm.captioner import LlmCaptioner
from asd_core.llm.gate import Gate
from asd_core.llm.ledger import History, Ledger
from asd_core.llm.replies import NotAnswered
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from asd_core.llm.stored import Attempt
from asd_core.store.local_files import LocalFiles
from tests.asd_core.llm.fakes import FakeLlm
from tests.llm_server import Faults, LlmServer
from tests.llm_server.asker import requests_of
from tests.llm_server.killing import ask_until_killed, twice_answered, unknown_of
from tests.llm_server.measures import dispatched, most_in_any, used_share

KEY = "sk-never-to-be-seen-anywhere"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def settings_for(server, **changes):
    return LlmSettings(**{"model": "m", "base_url": server.url, "requests_per_minute": 6000} | changes)


def asked(settings, store, count, window=2.0):
    """The answers to so many requests, by request id."""
    captioner = LlmCaptioner(settings, str(store), check_answer, open_gate=partial(Gate, window))
    try:
        captioner.submit(requests_of(settings, count))
        return {answer.request_id: answer for answer in captioner.answers()}
    finally:
        captioner.close()


def test_every_request_gets_its_own_answer(tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        answers = asked(settings, tmp_path, 20)
    assert {request.request_id: f"This sound is {request.prompt[4:]}." for request in requests_of(settings, 20)} == {
        request_id: answer.text for request_id, answer in answers.items()
    }


def test_what_was_submitted_is_not_asked_again_and_more_can_be_submitted(tmp_path):
    with LlmServer() as server:
        settings = settings_for(server)
        captioner = LlmCaptioner(settings, str(tmp_path), check_answer)
        assert list(captioner.answers()) == []
        captioner.submit(requests_of(settings, 3))
        captioner.submit(requests_of(settings, 5))
        assert len(list(captioner.answers())) == 5
        captioner.submit(requests_of(settings, 6))
        assert len(list(captioner.answers())) == 1
        captioner.close()
        captioner.close()
    assert len(server.log) == 6


def test_the_next_run_finds_what_is_stored_and_asks_nothing(tmp_path):
    with LlmServer() as server:
        first = asked(settings_for(server), tmp_path, 5)
        assert asked(settings_for(server), tmp_path, 5) == first
    assert len(server.log) == 5


def test_without_a_key_it_says_so_and_leaves_no_thread(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        LlmCaptioner(LlmSettings(), str(tmp_path), check_answer)
    assert "captions" not in [thread.name for thread in threading.enumerate()]


def test_what_the_store_does_not_take_or_give_is_the_error_of_its_own_request(tmp_path):
    with LlmServer() as server:
        in_the_way, damaged, unreadable, good = requests_of(settings_for(server), 4)
        (tmp_path / "intents" / f"{in_the_way.request_id}.json").mkdir(parents=True)
        (tmp_path / "intents" / f"{damaged.request_id}.json").write_bytes(b"[" * 200_000)
        (tmp_path / "answers" / f"{unreadable.request_id}.json").mkdir(parents=True)
        (tmp_path / "answers" / f"{unreadable.request_id}.json" / "x.json").write_bytes(b"")
        answers = asked(settings_for(server), tmp_path, 4)
    assert {answers[each.request_id].error_reason for each in (in_the_way, damaged)} == {"llm_failed"}
    assert "cannot write" in answers[in_the_way.request_id].error and "is broken" in answers[damaged.request_id].error
    assert sorted(each.prompt for each in server.log) == [unreadable.prompt, good.prompt]
    assert answers[unreadable.request_id].text and answers[good.request_id].text


def test_an_answer_that_cannot_be_stored_is_given_out_and_nothing_more_is_asked(tmp_path):
    with LlmServer() as server:
        settings = settings_for(server, concurrency=1)
        first, *others = requests_of(settings, 5)
        for each in (first, *others):
            (tmp_path / "answers" / f"{each.request_id}.json").mkdir(parents=True)
        answers = asked(settings, tmp_path, 5)
    assert len(server.log) == 1 and answers[first.request_id].text
    assert {answers[each.request_id].error_reason for each in others} == {"llm_unavailable"}
    assert all("answers cannot be stored" in answers[each.request_id].error for each in others)


def test_one_odd_answer_is_the_error_of_its_own_request(tmp_path):
    odd = {"say loud0": "brackets", "say loud1": "surrogate", "say loud2": "usage-huge", "say loud3": "bomb-gzip"}
    with LlmServer(lambda number, prompt: odd.get(prompt, "ok")) as server:
        settings = settings_for(server)
        answers = asked(settings, tmp_path, 6)
        again = asked(settings, tmp_path, 6)
    texts = [answers[each.request_id].text for each in requests_of(settings, 6)]
    assert texts[0] is None and texts[3] is None and all(texts[i].startswith("This sound is") for i in (1, 2, 4, 5))
    asked_for = Counter(arrival.prompt for arrival in server.log)
    assert asked_for == {"say loud0": 5, "say loud3": 5} | {f"say loud{i}": 1 for i in (1, 2, 4, 5)}
    assert again.keys() == answers.keys()


@pytest.mark.parametrize(("share", "least"), [(0.0, 0.88), pytest.param(0.3, 0.85, marks=pytest.mark.slow)])
def test_a_real_server_with_faults_is_asked_as_often_as_allowed_until_each_request_has_its_answer(
    tmp_path, share, least
):
    count = 200 if share else 120
    with LlmServer(Faults(share, seed=3), retry_after=0.3) as server:
        settings = settings_for(server, requests_per_minute=60, concurrency=16, timeout_seconds=1.0, max_attempts=12)
        answers = asked(settings, tmp_path, count)
    assert len(answers) == count and all(answer.text for answer in answers.values())
    moments = dispatched(LocalFiles(tmp_path))
    assert len(server.log) <= len(moments) == sum(answer.attempts for answer in answers.values())
    assert most_in_any(moments, 2.0) <= 60
    assert most_in_any([arrival.at for arrival in server.log], 2.0) <= 60
    assert used_share(server.log, 60, 2.0, 0.3) >= least


@pytest.mark.slow
@pytest.mark.parametrize(("share", "least"), [(0.0, 0.95), (0.3, 0.90)])
def test_the_same_over_whole_minutes(tmp_path, share, least):
    with LlmServer(Faults(share, seed=4), seconds=0.5, retry_after=3) as server:
        settings = settings_for(server, requests_per_minute=150, concurrency=16, timeout_seconds=10.0, max_attempts=12)
        answers = asked(settings, tmp_path, 250, window=60.0)
    assert len(answers) == 250 and all(answer.text for answer in answers.values())
    assert most_in_any(dispatched(LocalFiles(tmp_path)), 60.0) <= 150
    assert most_in_any([arrival.at for arrival in server.log], 60.0) <= 150
    assert used_share(server.log, 150, 60.0, 3) >= least


@pytest.mark.parametrize(
    ("count", "after"), [(60, 20), pytest.param(500, 250, marks=pytest.mark.slow)], ids=["sixty", "five-hundred"]
)
def test_a_killed_process_has_its_work_finished_by_the_next_and_nothing_stored_is_asked_again(tmp_path, count, after):
    with LlmServer(seconds=0.3) as server:
        settings = settings_for(server, requests_per_minute=100, concurrency=8)
        ask_until_killed("local", settings, str(tmp_path), server, count, after, KEY)
        stored = {info.path for info in LocalFiles(tmp_path).list("answers")}
        sent_before = len(server.log)
        answers = asked(settings, tmp_path, count)
    assert len(answers) == count and all(answer.text for answer in answers.values())
    assert len(stored) >= after - 8 and len(server.log) - sent_before == count - len(stored)
    assert twice_answered(server) <= unknown_of(answers) <= 8
    assert most_in_any([arrival.at for arrival in server.log], 2.0) <= 100


def test_closing_in_the_middle_leaves_answers_for_the_next_run(tmp_path):
    with LlmServer(seconds=0.1) as server:
        settings = settings_for(server, concurrency=2)
        captioner = LlmCaptioner(settings, str(tmp_path), check_answer, open_gate=partial(Gate, 2.0))
        captioner.submit(requests_of(settings, 30))
        next(captioner.answers())
        captioner.close()
        sent = len(server.log)
        answers = asked(settings, tmp_path, 30)
    assert sent < 30 and len(server.log) == 30
    assert sum(answer.unknown for answer in answers.values()) == 0


def test_the_key_is_nowhere_in_the_store_nor_in_what_is_told(tmp_path, capfd, caplog):
    with LlmServer(lambda number, prompt: ["ok", "status-400", "status-503"][number % 3]) as server:
        settings = settings_for(server, max_attempts=2, concurrency=1)  # the server repeats the key in its errors
        answers = asked(settings, tmp_path, 12)
    assert {answer.error_reason for answer in answers.values()} >= {"llm_refused", None}
    assert server.keys == {f"Bearer {KEY}"}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    told = "".join([*capfd.readouterr(), caplog.text, repr(answers), repr(settings)])
    assert b"[OPENAI_API_KEY]" in kept and KEY.encode() not in kept and KEY not in told


FAST = LlmSettings("m", "http://h/v1", requests_per_minute=1000)


def loud(count):
    return [CaptionRequest(f"r{i}", f"clip{i}", f"loud {i}") for i in range(count)]


def opened(llm, folder, window, settings=FAST, **options):
    gate = partial(Gate, window)
    return LlmCaptioner(settings, str(folder), check_answer, open_gate=gate, open_llm=lambda settings: llm, **options)


def answered(captioner, wanted):
    captioner.submit(wanted)
    return list(captioner.answers())


def crashed_at(folder, moment):
    attempts = (Attempt(moment, "another"),)
    Ledger(LocalFiles(folder), "another").intend(CaptionRequest("r9", "c", "p"), FAST.name, History(attempts))


def first_after(folder, window, **options):
    """Seconds from opening a captioner to the answer to its first request."""
    start = time.monotonic()
    captioner = opened(FakeLlm(seconds=0), folder, window, **options)
    answered(captioner, loud(1))
    seconds = time.monotonic() - start
    captioner.close()
    return seconds


def test_nothing_goes_for_one_window_after_what_a_crash_left_behind(tmp_path):
    said = []
    crashed_at(tmp_path, time.time() - 0.1)
    assert first_after(tmp_path, 1.0, say=said.append) >= 0.85
    assert said == ["a run was cut off: nothing is asked for 1 s after its last request"]


def test_what_a_dying_process_still_stores_meanwhile_is_found(tmp_path):
    llm, dying = FakeLlm(seconds=0), Ledger(LocalFiles(tmp_path), "another")
    crashed_at(tmp_path, time.time())
    captioner = opened(llm, tmp_path, 0.5)
    captioner.submit(loud(2))
    time.sleep(0.2)
    crashed_at(tmp_path, at := time.time())
    dying.intend(loud(2)[0], FAST.name, History((Attempt(at, "another"),)))
    dying.store(CaptionAnswer("r0", "This sound is stored late.", attempts=1))
    texts = {answer.text for answer in captioner.answers()}
    seconds = time.time() - at
    captioner.close()
    assert texts == {"This sound is stored late.", "This sound is loud 1."}
    assert len(llm.sent) == 1 and seconds >= 0.5


def test_a_job_may_end_while_it_outwaits_another_process(tmp_path):
    crashed_at(tmp_path, time.time())
    start = time.monotonic()
    captioner = opened(FakeLlm(), tmp_path, 60.0)
    captioner.submit(loud(2))
    captioner.close()
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("ago", [0.6, 3600.0])
def test_a_crash_longer_ago_than_that_costs_no_time(tmp_path, ago):
    crashed_at(tmp_path, time.time() - ago)
    assert first_after(tmp_path, 0.5) < 0.3


def test_a_clock_that_was_ahead_costs_no_more_than_a_window(tmp_path):
    crashed_at(tmp_path, time.time() + 3600)
    assert 0.4 < first_after(tmp_path, 0.5) < 2


def two_runs(folder, window, limit):
    """Moments of the attempts of two runs one after the other, whose rows are not even published."""
    llms = [FakeLlm(seconds=0), FakeLlm(seconds=0)]
    for number, llm in enumerate(llms):
        captioner = opened(llm, folder, window, LlmSettings("m", "http://h/v1", requests_per_minute=limit))
        answered(captioner, loud(4)[2 * number : 2 * number + 2])
        captioner.close()
    return [[moment for moment, _ in llm.sent] for llm in llms]


def test_the_last_minute_of_a_run_that_ended_counts_for_the_next(tmp_path):
    first, second = two_runs(tmp_path, 1.0, 2)
    moments = dispatched(LocalFiles(tmp_path))  # a busy machine sends some of them later
    assert len(first) == len(second) == 2 and len(moments) == 4 and most_in_any(moments, 1.0) == 2


def test_after_a_run_that_ended_in_order_nothing_is_waited_for(tmp_path):
    first, second = two_runs(tmp_path, 3600.0, 10**7)  # or it would be waited for an hour
    assert len(first) == len(second) == 2


def test_a_job_that_ends_has_what_is_under_way_stored_and_the_rest_not_sent(tmp_path):
    llm = FakeLlm(seconds=0.2)
    captioner = opened(llm, tmp_path, 1.0, LlmSettings("m", "http://h/v1", requests_per_minute=1000, concurrency=3))
    captioner.submit(loud(20))
    time.sleep(0.1)
    captioner.close()
    assert len(llm.sent) == 3 and llm.is_closed
    assert len(LocalFiles(tmp_path).list("answers")) == 3


def test_two_llms_have_limits_of_their_own(tmp_path):
    start = time.monotonic()
    for name in ("m", "n"):
        captioner = opened(FakeLlm(seconds=0), tmp_path, 60.0, LlmSettings(name, "http://h/v1", requests_per_minute=1))
        answered(captioner, loud(1))
        captioner.close()
    assert time.monotonic() - start < 30


def test_who_waits_is_told_why_and_for_how_long_and_once(tmp_path):
    said = []
    outcome = NotAnswered("rate_limited", "busy", retry_after=0.8)
    llm = FakeLlm(lambda number, messages: outcome if number == 0 else None, seconds=0)
    captioner = opened(llm, tmp_path, 0.5, say=said.append, silent_seconds=0.1)
    assert answered(captioner, loud(1))[0].text
    captioner.close()
    assert said == ["captions wait: nothing is asked for another 1 s, for it asked to be left alone"]


def test_a_limit_that_is_used_up_is_told_once(tmp_path):
    said = []
    settings = LlmSettings("m", "http://h/v1", requests_per_minute=1)
    captioner = opened(FakeLlm(seconds=0), tmp_path, 0.5, settings, say=said.append, silent_seconds=0.1)
    assert len(answered(captioner, loud(4))) == 4
    captioner.close()
    assert len(said) == 1 and said[0].endswith("for the limit of 1 requests a minute is used up")


def test_a_last_minute_that_is_broken_costs_a_window_and_is_told(tmp_path):
    said = []
    Ledger(LocalFiles(tmp_path), "another").leave(FAST.name, [])
    next((tmp_path / "limits").iterdir()).write_bytes(b"[" * 100_000)
    assert first_after(tmp_path, 0.6, say=said.append) >= 0.5
    assert len(said) == 1 and said[0].startswith("nothing is asked for 0.6 s, for the last minute is not known: ")


@pytest.mark.slow
def test_eight_hostile_answers_at_once_take_little_memory(tmp_path):
    kinds = ["bomb-gzip", "endless", "content-huge", "refused-long", "brackets", "objects", "bomb-deflate", "many"]
    with LlmServer(lambda number, prompt: kinds[number % 8]) as server:
        told = {"model": "m", "base_url": server.url, "concurrency": 8, "requests_per_minute": 6000, "max_attempts": 2}
        arguments = {"kind": "local", "store": str(tmp_path), "settings": told, "count": 8, "window": 2.0}
        line = [sys.executable, "-m", "tests.llm_server.asker", json.dumps(arguments | {"tells_peak": True})]
        told = subprocess.run(line, stdout=subprocess.PIPE, check=True).stdout.split()
    assert len(server.log) == 16
    assert int(told[-1]) < 300 << 10  # KiB
