import signal
import subprocess
import sys
import threading

import pytest

from asd_core.pipeline.interrupts import interrupts_kept_from_children, interrupts_put_off


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


@pytest.mark.parametrize("guard", [interrupts_kept_from_children, interrupts_put_off])
def test_other_threads_change_no_handler(guard):
    seen = []

    def run():
        with guard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
