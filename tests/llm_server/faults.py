"""Which request meets with which fault."""

import random
import threading

FAULTS = (
    "limited",  # 429 without a word on when to come back
    "limited-told",  # 429 with Retry-After
    "error",  # 500
    "hang",
    "drop",  # the connection, in the middle of the answer
    "empty",
    "not-json",
    "over-long",
)


def faultless(number, prompt):
    """Every request is answered."""
    return "ok"


class Faults:
    """A share of the requests meets with one fault or another, each fault as often as any other.

    Args:
        share: of the requests.
        seed: of which.
        kinds: of FAULTS.
    """

    def __init__(self, share, seed=0, kinds=FAULTS):
        self._share, self._kinds = share, kinds
        self._rng = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, number, prompt):
        with self._lock:
            return self._rng.choice(self._kinds) if self._rng.random() < self._share else "ok"
