"""Turns to ask a language model: of the runs in one store that share no gate, one asks at a time.

Otherwise each would use up the whole limit, and two that want the same caption would both pay for it. Whoever comes
later finds the published answers of the earlier one, and counts its last minute.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from asd_core.errors import AsdError
from asd_core.store.files import Files
from asd_core.store.locks import LEASE_SECONDS, lock_name, run_lock


class Turn:
    """A lock on one LLM in one store; a holder that dies has lost it after its lease, on its own machine at once.

    Args:
        files: of the store.
        llm: `asd_core.llm.settings.LlmSettings.name`.
        way: how it is asked: ways have turns of their own.
        wait: wait for another run; False refuses instead.
        say: told who is waited for.
        lease_seconds: of the lock.
    """

    def __init__(
        self,
        files: Files,
        llm: str,
        way: str = "",
        *,
        wait: bool = True,
        say: Callable[[str], None] = lambda line: None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._files, self._llm, self._wait, self._say = files, llm, wait, say
        self._name, self._lease_seconds = lock_name("llm", llm, way), lease_seconds
        self._held = ExitStack()
        self._is_over = False

    def take(self) -> None:
        """Wait for one's turn.

        Raises:
            AsdError: it was given back meanwhile, another run has it and is not waited for, or the store fails.
        """
        lock = run_lock(
            self._files,
            self._name,
            wait=self._wait,
            waiting=self._waiting,
            lease_seconds=self._lease_seconds,
            work=f"asking {self._llm}",
        )
        self._held.enter_context(lock)
        if self._is_over:
            self._held.close()
            raise AsdError("the run has ended before it was its turn to ask for captions")

    def give_back(self) -> None:
        """End the turn; whoever waits for it still gets none."""
        self._is_over = True
        self._held.close()

    def _waiting(self, holder: str) -> None:
        self._say(f"captions wait for {holder}, which asks {self._llm} for this store: one run asks at a time")
