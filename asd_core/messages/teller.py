"""Telling receivers: for each, what is to be told is planned, kept and sent, by one run at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asd_core.digest import name_hash
from asd_core.messages.message import Message, time_text, utc_now
from asd_core.messages.outbox import KEPT, Outbox, Sendings
from asd_core.messages.posting import Post, post
from asd_core.messages.receivers import Receiver
from asd_core.messages.told import Told, read_told, write_told
from asd_core.store.files import Files
from asd_core.store.locks import lock_name, run_lock

TOTAL_SECONDS = 60.0
"""That all receivers may take in one run, beside waiting for another run that sends to them."""

_LEAST_SHARE = 5.0  # seconds for each receiver, whatever those before it took


@dataclass(frozen=True)
class Telling:
    """Messages to one receiver while they are planned.

    Attributes:
        told: what it was told; gets the messages.
        receiver: who is told.
        place: address of the store.
        key: of the recipe.
        now: the time.
        waiting: messages of the recipe that it does not have yet.
        superseded: gets those of them that need not be sent any more.
    """

    told: Told
    receiver: Receiver
    place: str
    key: str
    now: datetime
    waiting: Sequence[Message]
    superseded: list[Message]

    @property
    def stamp(self) -> str:
        """The time as messages tell it."""
        return time_text(self.now)


Plan = Callable[[Telling], None]
"""Plans messages, by `asd_core.messages.told.Told.message`, and notes in ``told`` what is told by them."""


@dataclass(frozen=True)
class Teller:
    """Tells receivers, and never fails for one of them.

    Attributes:
        files: of the store.
        receivers: who is told.
        post: posts a body once.
        sleep: waits so many seconds.
        clock: seconds, for limits of time.
        now: the time, for messages.
        seconds: that all may take.
    """

    files: Files
    receivers: Sequence[Receiver]
    post: Post = post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    seconds: float = TOTAL_SECONDS

    def tell(self, key: str, plan: Plan | None = None) -> list[Sendings]:
        """Plan and send messages; those of before that wait are sent first.

        Args:
            key: that what was told is kept under, a recipe's.
            plan: of the messages to each receiver; None sends only what waits.

        Returns:
            Counts of each receiver, in their order. One that cannot be told has the reason there, whatever it is. A
            store that takes all the time to fail leaves receivers out.
        """
        end, found = self.clock() + self.seconds, list[Sendings]()
        for number, receiver in enumerate(self.receivers):
            counts = Sendings(receiver.host)
            found.append(counts)
            try:
                with run_lock(self.files, lock_name("messages", receiver.name)):
                    outbox = Outbox(self.files, receiver, self.post, self.sleep, self.clock, self.now)
                    if plan is not None:
                        self._plan(outbox, key, plan, counts)
                    counts.is_kept = True
                    share = (end - self.clock()) / (len(self.receivers) - number)
                    outbox.send(counts, max(share, _LEAST_SHARE))
            except Exception as error:  # of the store: a night must not fail for its messages
                counts.pending = max(counts.pending, 1)
                counts.why = " ".join(str(error).split()) or repr(error)
                if self.clock() > end:
                    break
        return found

    def _plan(self, outbox: Outbox, key: str, plan: Plan, counts: Sendings) -> None:
        receiver = outbox.receiver
        told = read_told(self.files, receiver.name, key)
        outbox.keep(told.planned)  # of a run that broke off
        told.planned = []
        before = [message for message in outbox.pending() if message.key == key]
        now = self.now()
        old = [message for message in before if message.age(now) > KEPT]
        for message in old:
            _forget(told, message)
        superseded = list[Message]()
        waiting = [message for message in before if message not in old]
        plan(Telling(told, receiver, self.files.url, key, now, waiting, superseded))
        write_told(self.files, receiver.name, key, told)
        outbox.keep(told.planned)
        for message in [*old, *superseded]:
            outbox.give_up(message)
        counts.given_up = len(old)
        if told.planned:
            told.planned = []
            write_told(self.files, receiver.name, key, told)


def _forget(told: Told, message: Message) -> None:
    """Forget that a message was told which its receiver never took; what still holds is told anew."""
    for machine in message.machines:
        if machine in told.alarms and told.alarms[machine].told_at <= message.created_at:
            del told.alarms[machine]
    if message.kind == "night_failed":
        told.failed = ""
    if message.kind == "night_missing":
        told.missing = ""


def alarm_id(telling: Telling, machine_type: str, machine_id: str, since: str) -> str:
    """A name for an alarm that no other has."""
    return name_hash(telling.place, telling.key, machine_type, machine_id, since, str(telling.told.count))
