import signal
import subprocess
import sys
import threading

import pytest

from asd_core.pipeline.interrupts import interrupts_end_it, interrupts_kept_from_children, interrupts_put_off


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_put_off():
        signal.raise_signal(signal.SIGINT)
        done.append("the whole block")
    assert done == ["the whole block"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_is_kept_from_children_and_still_reaches_this_process():
    ended = []
    with pytest.raises(KeyboardInterrupt), interrupts_kept_from_children():
        signal.raise_signal(signal.SIGINT)
        child = subprocess.run([sys.executable, "-c", "import signal; signal.raise_signal(signal.SIGINT)"])
        ended.append(child.returncode)
    assert ended == [0] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize("guard", [interrupts_kept_from_children, interrupts_put_off, interrupts_end_it])
def test_other_threads_change_no_handler(guard):
    seen = []

    def run():
        with guard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_lost", [True, False])
def test_an_interrupt_ends_a_block_in_which_a_library_has_its_own_handler(number, is_lost):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interrupts_end_it():
        signal.signal(number, lambda number, frame: sys.exit(15))
        try:
            signal.raise_signal(number)
        except SystemExit:
            if not is_lost:
                raise
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_a_block_without_an_interrupt_ends_as_it_does():
    with interrupts_end_it():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
    with pytest.raises(ValueError), interrupts_end_it():
        raise ValueError
