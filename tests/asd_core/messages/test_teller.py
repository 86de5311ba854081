"""Receivers that fail, runs that break off and two runs at once: every alarm is told, once or marked."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.errors import AsdError
from asd_core.messages.night_messages import FailedNight
from asd_core.messages.posting import Answer, post
from asd_core.messages.receivers import Receiver
from asd_core.messages.teller import Teller
from asd_core.messages.webhook import About
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from tests.asd_core.messages.nights import ALERTS, SLACK, WEBHOOK, Taken, night, row, teller
from tests.message_receiver import Faults, MessageReceiver

KEY = "twfr-gmm-1"
STATES = ("new", "continuing", "cleared", "")


class TwinReceiver:
    """The alarms that somebody knows who is told each night at once, without files, faults or times."""

    def __init__(self):
        self.open, self.told = set(), []

    def night(self, rows):
        ended = [one for one in rows if one["tier"] != "act" and one["machine_id"] in self.open]
        begun = [one for one in rows if one["tier"] == "act" and one["machine_id"] not in self.open]
        for kind, found in (("cleared", ended), ("alarm", begun)):
            for one in found:
                self.told.append((kind, one["machine_id"], one["date"]))
                (self.open.remove if kind == "cleared" else self.open.add)(one["machine_id"])


def check(taken, twin):
    """Each message that the twin got was taken, in the same order, and each further copy says that it is one."""
    copies, first = Counter(body["message_id"] for body in taken), {}
    for body in taken:
        first.setdefault(body["message_id"], (body["kind"], body["machine_id"], body["night"]))
    assert list(first.values()) == twin.told
    marked = Counter(body["message_id"] for body in taken if body["possibly_repeated"])
    assert all(marked[name] >= count - 1 for name, count in copies.items())


def random_nights(count, seed, machines=5):
    rng = random.Random(seed)
    for number in range(count):
        date = (datetime(2026, 11, 1) + timedelta(days=number)).date().isoformat()
        yield date, [row(f"{n}", rng.choice(STATES), date, since="2026-11-01") for n in range(machines)]


def tell_all(files, receiver_url, nights, faults, twin, limit=0.08):
    """Tell each night with faults, then what waits without."""

    def impatient(url, body, seconds):
        return post(url, body, min(seconds, limit))

    told = Teller(files, [Receiver("webhook", receiver_url)], impatient, sleep=lambda _: None)
    for date, rows in nights:
        twin.night(rows)
        told.tell(KEY, night(*rows, date=date))
    faults.share = 0.0
    assert told.tell(KEY)[0].pending == 0


def test_a_receiver_that_fails_half_of_the_time_is_told_everything_once_or_with_a_mark(tmp_path):
    faults, twin = Faults(0.5, seed=7), TwinReceiver()
    with MessageReceiver(faults, slow=0.1) as receiver:
        tell_all(LocalFiles(tmp_path), receiver.url, random_nights(4, seed=1), faults, twin)
        assert len(twin.told) > 8 and receiver.requests > len(twin.told)
        check(receiver.taken, twin)


def test_the_same_with_a_store_on_s3(bucket):
    faults, twin = Faults(0.5, seed=3, kinds=("error", "reset", "lost", "refused")), TwinReceiver()
    with MessageReceiver(faults) as receiver:
        tell_all(open_files(f"{bucket}/store"), receiver.url, random_nights(2, seed=2, machines=2), faults, twin)
        check(receiver.taken, twin)


class Killed(BaseException):
    """Ends a run at any place, as a kill does."""


class Mortal(LocalFiles):
    """Files of a run that is killed before one of its changes, or right after it."""

    def __init__(self, root, dies_at=None):
        super().__init__(root)
        self.left = dies_at

    def _dies(self):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def write(self, path, data):
        self._change(path, lambda: super(Mortal, self).write(path, data))

    def write_new(self, path, data):
        return self._change(path, lambda: super(Mortal, self).write_new(path, data))

    def delete(self, path):
        self._change(path, lambda: super(Mortal, self).delete(path))

    def _change(self, path, change):
        if path.startswith("locks/"):
            return change()
        self._dies()
        done = change()
        self._dies()
        return done


OUTCOMES = st.sampled_from([Answer(True, True), Answer(False, True, "500"), Answer(False, False, "400"), "lost"])


KILLED = given(
    nights=st.lists(st.lists(st.sampled_from(STATES), min_size=2, max_size=2), min_size=1, max_size=4),
    deaths=st.lists(st.none() | st.integers(0, 30), max_size=4),
    outcomes=st.lists(OUTCOMES, max_size=8),
)


def tell_and_die(folder, nights, deaths, outcomes):
    taken, twin, left = [], TwinReceiver(), list(outcomes)

    def receive(url, body, seconds):
        outcome = left.pop(0) if left else Answer(True, True)
        if outcome == "lost" or outcome.is_taken:
            taken.append(json.loads(body))
        return Answer(False, True, "lost") if outcome == "lost" else outcome

    def told(files):
        return Teller(files, [WEBHOOK], receive, sleep=lambda _: None)

    for number, states in enumerate(nights):
        date = f"2026-11-{number + 1:02d}"
        rows = [row(f"{n}", state, date, since="2026-11-01") for n, state in enumerate(states)]
        twin.night(rows)
        dies_at = deaths[number] if number < len(deaths) else None
        try:
            told(Mortal(folder, dies_at)).tell(KEY, night(*rows, date=date))
        except Killed:
            told(LocalFiles(folder)).tell(KEY, night(*rows, date=date))
    left.clear()
    assert told(LocalFiles(folder)).tell(KEY)[0].pending == 0
    check(taken, twin)


@settings(max_examples=10)
@KILLED
def test_a_run_that_is_killed_anywhere_tells_everything_in_order_once_or_with_a_mark(
    tmp_path_factory, nights, deaths, outcomes
):
    tell_and_die(tmp_path_factory.mktemp("killed"), nights, deaths, outcomes)


def test_messages_of_a_run_that_died_before_they_had_files_are_sent_by_the_next_night(tmp_path):
    class Dying(LocalFiles):
        def write_new(self, path, data):
            if "pending" in path:
                raise Killed
            return super().write_new(path, data)

    with pytest.raises(Killed):
        Teller(Dying(tmp_path), [WEBHOOK], Taken()).tell(KEY, night(row("01")))
    on = row("01", "continuing", since="2026-11-15")
    assert teller(tmp_path, post=(post := Taken())).tell(KEY, night(on, date="2026-11-16"))[0].sent == 1
    assert json.loads(post[0])["night"] == "2026-11-15"


@pytest.mark.slow
@settings(max_examples=300)
@KILLED
def test_a_run_that_is_killed_anywhere_does_so_on_many_nights(tmp_path_factory, nights, deaths, outcomes):
    tell_and_die(tmp_path_factory.mktemp("killed"), nights, deaths, outcomes)


def start(folder, receiver, nights):
    line = [sys.executable, "-m", "tests.asd_core.messages.telling_process", str(folder), receiver.url]
    process = subprocess.Popen([*line, json.dumps(nights)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begins\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_processes_that_are_killed_and_a_receiver_that_fails_leave_everything_told_once_or_with_a_mark(tmp_path, seed):
    faults, twin, rng = Faults(0.3, seed), TwinReceiver(), random.Random(seed)
    nights = list(random_nights(12, seed))
    for _, rows in nights:
        twin.night(rows)
    with MessageReceiver(faults, slow=0.4) as receiver:
        for _ in range(10):
            with start(tmp_path, receiver, nights) as process:
                time.sleep(rng.uniform(0, 0.8))
                process.kill()
        faults.share = 0.0
        with start(tmp_path, receiver, nights) as process:
            assert process.wait(120) == 0
        check(receiver.taken, twin)


@pytest.mark.slow
def test_processes_at_once_send_each_message_once(tmp_path):
    twin, nights = TwinReceiver(), list(random_nights(6, seed=5))
    for _, rows in nights:
        twin.night(rows)
    with MessageReceiver() as receiver:
        processes = [start(tmp_path, receiver, nights) for _ in range(3)]
        for process in processes:
            with process:
                assert process.wait(120) == 0
        check(receiver.taken, twin)
        assert len(receiver.taken) == len(twin.told)


def test_two_runs_at_once_send_each_message_once(tmp_path):
    plan, taken, lock = night(*(row(f"{n}") for n in range(6))), [], threading.Lock()

    def receive(url, body, seconds):
        with lock:
            taken.append(json.loads(body)["message_id"])
        return Answer(True, True)

    runs = [threading.Thread(target=teller(tmp_path, post=receive).tell, args=(KEY, plan)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(taken) == len(set(taken)) == 6


def test_a_store_that_fails_is_a_reason_and_no_error(tmp_path):
    class Full(LocalFiles):
        def write(self, path, data):
            raise AsdError("the disk is full")

    told = Teller(Full(tmp_path), [WEBHOOK, SLACK], Taken()).tell(KEY, night(row("01")))
    assert [(one.pending, one.why, one.is_kept) for one in told] == [(1, "the disk is full", False)] * 2


def test_a_receiver_that_fails_takes_no_time_from_the_next_one(tmp_path):
    now = [0.0]

    def slow(url, body, seconds):
        now[0] += seconds
        return Answer(True, True) if "slack" in url else Answer(False, True, "no answer")

    told = Teller(LocalFiles(tmp_path), [WEBHOOK, SLACK], slow, sleep=lambda _: None, clock=lambda: now[0], seconds=30)
    first, second = told.tell(KEY, night(row("01")))
    assert (first.pending, second.sent) == (1, 1) and now[0] <= 31


def test_messages_that_nobody_took_for_a_week_are_given_up_and_what_holds_is_told_anew(tmp_path):
    now = datetime.now(UTC)
    dead = Taken(*[Answer(False, False, "no")] * 99)
    long_ago = teller(tmp_path, post=dead, now=lambda: now - timedelta(days=8))
    assert long_ago.tell(KEY, night(row("01"), row("02")))[0].pending == 2
    on, over = row("01", "continuing", since="2026-11-15"), row("02", "cleared", since="2026-11-15")
    (counts,) = teller(tmp_path, post=(alive := Taken())).tell(KEY, night(on, over, date="2026-11-23"))
    (body,) = map(json.loads, alive)
    assert (counts.given_up, counts.sent) == (2, 1)
    assert (body["kind"], body["machine_id"], body["since"]) == ("alarm", "01", "2026-11-15")


def test_a_failure_that_was_given_up_is_told_anew(tmp_path):
    now, failed = datetime.now(UTC), FailedNight(About(KEY, "2026-11-15"), "x")
    teller(tmp_path, post=Taken(*[Answer(False, False)] * 9), now=lambda: now - timedelta(days=8)).tell(KEY, failed)
    assert teller(tmp_path).tell(KEY, failed)[0].sent == 1


@pytest.mark.parametrize("receiver", [WEBHOOK, SLACK, ALERTS], ids=lambda receiver: receiver.form)
def test_no_file_of_the_store_has_the_address_of_a_receiver(tmp_path, receiver):
    teller(tmp_path, receiver, post=Taken(*[Answer(False, False, "no")] * 9)).tell(KEY, night(row("01")))
    teller(tmp_path, receiver).tell(KEY)
    for path in tmp_path.rglob("*"):
        assert "secret" not in str(path) and (path.is_dir() or b"secret" not in path.read_bytes())
