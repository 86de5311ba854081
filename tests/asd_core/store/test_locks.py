import json
import os
import socket
import threading
import time

import pytest

from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.store.locks import lock_name, run_lock


def held_by(files, name, **changes):
    """A lock file of a run elsewhere."""
    record = {"owner": "x", "host": "elsewhere", "pid": 1, "born": "", "renewals": 0} | changes
    files.write(f"locks/{name}/000001.json", json.dumps(record).encode())


def test_a_lock_is_there_for_the_length_of_the_block(tmp_path):
    files = LocalFiles(tmp_path)
    with run_lock(files, "n"):
        assert len(files.list("locks")) == 1
    assert files.list("locks") == []


def test_a_lock_is_given_back_when_the_block_fails(tmp_path):
    with pytest.raises(ValueError), run_lock(LocalFiles(tmp_path), "n"):
        raise ValueError
    assert LocalFiles(tmp_path).list("locks") == []


def test_a_second_run_is_refused_at_once_without_waiting(tmp_path):
    files = LocalFiles(tmp_path)
    held_by(files, "n")
    with pytest.raises(AsdError, match="process 1 on elsewhere is at the same run"), run_lock(files, "n", wait=False):
        pass
    with run_lock(files, "another", wait=False):
        pass


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_of_runs_at_once_only_one_is_inside_at_any_time(tmp_path, bucket, place):
    url = str(tmp_path) if place == "folder" else bucket
    inside, most, told = [], [], []

    def run():
        with run_lock(open_files(url), "n", lease_seconds=2, waiting=told.append):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.1)
            inside.pop()

    threads = [threading.Thread(target=run) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert most == [1, 1, 1, 1] and len(told) >= 1
    assert open_files(url).list("locks") == []


def test_a_holder_that_stops_renewing_is_passed_over_after_its_lease(tmp_path):
    files = LocalFiles(tmp_path)
    held_by(files, "n")
    start = time.monotonic()
    with run_lock(files, "n", lease_seconds=0.3):
        assert 0.3 < time.monotonic() - start < 2
        assert [info.path for info in files.list("locks")] == ["locks/n/000002.json"]


def test_a_holder_that_renews_is_waited_for_beyond_its_lease(tmp_path):
    files = LocalFiles(tmp_path)
    order = []

    def slow():
        with run_lock(files, "n", lease_seconds=0.4):
            entered.set()
            time.sleep(1.2)
            order.append("first")

    entered = threading.Event()
    first = threading.Thread(target=slow)
    first.start()
    entered.wait()
    with run_lock(files, "n", lease_seconds=0.4):
        order.append("second")
    first.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()], ids=["of none", "of another now"])
def test_a_holder_that_was_a_process_of_this_machine_and_is_no_more_is_passed_over_at_once(tmp_path, pid):
    files = LocalFiles(tmp_path)
    held_by(files, "n", host=socket.gethostname(), pid=pid, born="another boot 1")
    with run_lock(files, "n", wait=False):
        pass


def test_names_are_the_same_for_the_same_words_only():
    assert lock_name("a", None) == lock_name("a", None) != lock_name("a", "")
    assert lock_name("a/..", "b") != lock_name("a/..b") and "/" not in lock_name("/")


class AnswersLost(LocalFiles):
    """A store that answers a write that took place as if another had been first, or with an error."""

    def __init__(self, root, error=None):
        super().__init__(root)
        self.error = error

    def write_new(self, path, data):
        super().write_new(path, data)
        if self.error:
            raise self.error
        return False


def test_a_run_whose_lock_was_taken_without_an_answer_does_not_wait_for_itself(tmp_path):
    told, start = [], time.monotonic()
    with run_lock(AnswersLost(tmp_path), "n", waiting=told.append):
        assert time.monotonic() - start < 1 and told == []
        with pytest.raises(AsdError, match="is at the same run"), run_lock(LocalFiles(tmp_path), "n", wait=False):
            pass
    assert LocalFiles(tmp_path).list("locks") == []


def test_a_run_that_ends_because_no_answer_came_leaves_no_lock(tmp_path):
    with pytest.raises(AsdError, match="gone"), run_lock(AnswersLost(tmp_path, AsdError("gone")), "n"):
        pass
    assert LocalFiles(tmp_path).list("locks") == []


@pytest.mark.parametrize("name", ["notes.txt", ".DS_Store", "000009.json.bak", "000003.json/inner", "zzz.json"])
def test_a_stray_file_in_the_folder_of_a_lock_is_no_lock_and_stays(tmp_path, name):
    files = LocalFiles(tmp_path)
    files.write(f"locks/n/{name}", b"\xff stray")
    with run_lock(files, "n", wait=False):
        assert len(files.list("locks/n")) == 2
    assert [info.path for info in files.list("locks/n")] == [f"locks/n/{name}"]


@pytest.mark.parametrize(
    "text", [b"", b"PAR1\xff", b"[" * 100_000, b"null", b"{}", b'{"host": 1, "pid": "x", "owner": [], "born": null}']
)
def test_a_file_that_is_no_record_holds_no_lock(tmp_path, text):
    files = LocalFiles(tmp_path)
    files.write("locks/n/000007.json", text)
    with run_lock(files, "n", wait=False):
        assert [info.path for info in files.list("locks/n")] == ["locks/n/000008.json"]


def test_a_fifo_in_the_folder_of_a_lock_is_never_waited_for(tmp_path):
    (tmp_path / "locks/n").mkdir(parents=True)
    os.mkfifo(tmp_path / "locks/n/000001.json")
    with run_lock(LocalFiles(tmp_path), "n", wait=False):
        pass


def test_a_run_that_looked_before_others_came_and_went_gives_back_what_it_took(tmp_path):
    class Slow(LocalFiles):
        """Between looking and taking, the dead holder is passed over by a run that ends, and another one begins."""

        def write_new(self, path, data):
            if path.endswith("000002.json") and self.exists("locks/n/000001.json"):
                self.delete("locks/n/000001.json")
                held_by(self, "n", owner="new", pid=7)
            return super().write_new(path, data)

    files = Slow(tmp_path)
    held_by(files, "n", host=socket.gethostname(), born="another boot 1")
    with pytest.raises(AsdError, match="process 7 on elsewhere"), run_lock(files, "n", wait=False):
        pass
    assert [info.path for info in files.list("locks")] == ["locks/n/000001.json"]
