import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.worker_processes import Call, Workers


@pytest.fixture
def workers():
    with closing(Workers(2)) as made:
        yield made


def test_answers_come_in_the_order_of_the_calls_where_that_is_asked_for(workers):
    calls = [Call(_after, (0.2 if number == 0 else 0.0, number)) for number in range(7)]
    assert [answer.result for _, answer in workers.answers(calls, in_order=True)] == list(range(7))
    assert sorted(answer.result for _, answer in workers.answers(calls)) == list(range(7))


def test_calls_are_taken_as_workers_become_free(workers):
    taken = []

    def calls():
        for number in range(20):
            taken.append(number)
            yield Call(abs, number)

    answers = workers.answers(calls(), in_order=True)
    assert next(answers)[1].result == 0 and len(taken) <= 6
    answers.close()


def test_a_worker_that_dies_takes_its_own_call_with_it_and_no_other(workers):
    calls = [Call(_end if number == 3 else abs, number) for number in range(8)]
    found = {call.item: answer for call, answer in workers.answers(calls)}
    assert [number for number, answer in found.items() if answer.is_lost] == [3]
    assert sorted(answer.result for answer in found.values() if not answer.is_lost) == [0, 1, 2, 4, 5, 6, 7]


def test_an_idle_worker_that_was_killed_is_one_lost_answer(workers):
    pid = workers.ask(Call(_pid, None)).result
    os.kill(pid, signal.SIGKILL)
    assert workers.ask(Call(_pid, None)).is_lost
    assert workers.ask(Call(_pid, None)).result != pid


def test_an_error_comes_back_as_it_is_or_as_its_text_where_it_cannot_travel(workers):
    assert isinstance(workers.ask(Call(_fail, AsdError("no such thing"))).error, AsdError)
    assert str(workers.ask(Call(_fail_strangely, "odd")).error) == "Strange: odd"


def test_calls_can_be_made_while_the_answers_to_others_are_awaited(workers):
    found = []
    for call, answer in workers.answers([Call(_after, (0.05, number)) for number in range(4)]):
        found.append((answer.result, workers.ask(Call(abs, -call.item[1])).result))
    assert sorted(found) == [(number, number) for number in range(4)]


def test_workers_have_one_blas_thread(workers):
    assert workers.ask(Call(os.getenv, "OMP_NUM_THREADS")).result == "1"


def test_an_interrupt_never_reaches_the_server_or_a_worker_which_the_parent_ends(workers):
    ours, server = workers.ask(Call(_pid, None)).result, workers.ask(Call(_parent, None)).result
    for pid in (ours, server):
        with open(f"/proc/{pid}/status") as file:
            (blocked,) = (int(line.split()[1], 16) for line in file if line.startswith("SigBlk"))
        assert blocked >> (signal.SIGINT - 1) & 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_what_was_not_fetched_is_not_taken_for_a_later_answer(workers):
    answers = workers.answers([Call(_after, (0.1, number)) for number in range(4)])
    next(answers)
    answers.close()
    assert workers.ask(Call(abs, -9)).result == 9


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    code = (
        "from asd_core.pipeline.worker_processes import Call, Workers\n"
        "import os, time\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(1)\n"
        "    print(workers.ask(Call(abs, 1)).result, flush=True)\n"
        "    print(workers._idle[0]._process.pid, flush=True)\n"
        "    workers.ask(Call(time.sleep, 60))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "1\n"
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    end = time.monotonic() + 20
    while _lives(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _after(item):
    time.sleep(item[0])
    return item[1]


def _end(item):
    os._exit(1)


def _pid(item):
    return os.getpid()


def _parent(item):
    return os.getppid()


def _fail(error):
    raise error


class Strange(Exception):
    def __reduce__(self):
        raise TypeError("it does not travel")


def _fail_strangely(text):
    raise Strange(text)


def test_a_machine_that_lets_no_process_start_is_told_in_one_line():
    script = (
        "import multiprocessing; multiprocessing.set_executable('/no/such/python')\n"
        "from asd_core.pipeline.worker_processes import Workers\n"
        "try: Workers(1).start()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("AsdError no worker process can be started (")
