"""Messages that a receiver does not have yet, as files of the store, and how they are sent.

    messages/<receiver>/pending/<time>,<message id>   the message
    messages/<receiver>/attempted/<message id>        written before it is posted
    messages/<receiver>/sent/<message id>             written when the receiver has taken it

A mark of an attempt goes away once it is certain that the receiver has not taken the message. Where one is found the
receiver may have it, and the message says so when it is sent again. Messages of a receiver keep their order: one that
is not taken holds up those after it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from asd_core.messages.message import Message, message_of, utc_now
from asd_core.messages.posting import Answer, Post
from asd_core.messages.receivers import Receiver
from asd_core.messages.webhook import sent_again
from asd_core.store.broken_files import RESTORE, json_object, named_if_broken
from asd_core.store.files import Files
from asd_core.store.layout import attempted_path, pending_path, sent_path

MOST_TRIES = 5
"""Attempts at a message in one run, where they may help; two where it is refused."""

ATTEMPT_SECONDS = 10.0
"""That one attempt may take."""

KEPT = timedelta(days=7)
"""Age at which a message that was never taken is given up."""

_FIRST_PAUSE = 0.5  # seconds, doubled after each attempt
_LEAST_SECONDS = 1.0  # for an attempt


@dataclass
class Sendings:
    """Counts of the messages of one receiver in one run.

    Attributes:
        receiver: its host.
        sent: messages that it has taken.
        possibly_repeated: of these, those that it may have had before.
        pending: messages that wait for the next run.
        given_up: messages that were too old.
        why: why some wait; "" where none does.
        is_kept: what was to be told is in the store.
    """

    receiver: str
    sent: int = 0
    possibly_repeated: int = 0
    pending: int = 0
    given_up: int = 0
    why: str = ""
    is_kept: bool = False

    def followed_by(self, later: Sendings) -> Sendings:
        """The counts of both, where what waits is what waited last."""
        sums = {name: getattr(self, name) + getattr(later, name) for name in ("sent", "possibly_repeated", "given_up")}
        return replace(later, **sums, is_kept=self.is_kept and later.is_kept)

    def json(self) -> dict[str, Any]:
        """JSON values."""
        return {name: value for name, value in asdict(self).items() if name != "is_kept"}


@dataclass(frozen=True)
class Outbox:
    """The messages of one receiver.

    Attributes:
        files: of the store.
        receiver: who is told.
        post: posts a body once.
        sleep: waits so many seconds.
        clock: seconds, for limits of time.
        now: the time, for the age of messages.
    """

    files: Files
    receiver: Receiver
    post: Post
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now

    def keep(self, messages: Iterable[Message]) -> None:
        """Write the files of messages, but of those that were sent."""
        for message in messages:
            if not self.files.exists(sent_path(self.receiver.name, message.message_id)):
                self.files.write_new(self._path(message), message.to_bytes())

    def pending(self) -> list[Message]:
        """The messages that wait, in their order.

        Raises:
            AsdError: a file is broken.
        """
        found = []
        for info in self.files.list(f"messages/{self.receiver.name}/pending"):
            try:
                data = self.files.read(info.path)
            except FileNotFoundError:
                continue
            value = json_object(info.path, data, RESTORE)
            with named_if_broken(info.path):
                found.append(message_of(value))
        return sorted(found, key=lambda message: (message.created_at, message.message_id))

    def give_up(self, message: Message) -> None:
        """Forget a message that waits."""
        self.files.delete(self._path(message))
        self.files.delete(attempted_path(self.receiver.name, message.message_id))

    def send(self, counts: Sendings, seconds: float) -> None:
        """Send what waits, for so many seconds at most.

        Args:
            counts: get what was done.
            seconds: after which nothing more is begun.
        """
        end = self.clock() + seconds
        now = self.now()
        waiting = [message for message in self.pending() if message.age(now) <= KEPT]
        for number, message in enumerate(waiting):
            answer = self._send(message, counts, end)
            if not answer.is_taken:
                counts.pending, counts.why = len(waiting) - number, answer.why
                return

    def _send(self, message: Message, counts: Sendings, end: float) -> Answer:
        """Try to send a message, several times where it may help."""
        name, pause = self.receiver.name, _FIRST_PAUSE
        attempted, sent = attempted_path(name, message.message_id), sent_path(name, message.message_id)
        answer = Answer(False, False, "there was no time")
        for number in range(MOST_TRIES):
            if self.files.exists(sent):
                answer = Answer(True, True)
                break
            if number:
                wait = max(pause, answer.retry_after)
                if self.clock() + wait + _LEAST_SECONDS > end:
                    return answer
                self.sleep(wait)
                pause *= 2
            if end - self.clock() < _LEAST_SECONDS:
                return answer
            may_have_it = self.files.exists(attempted)
            if not may_have_it and not self.files.write_new(attempted, b""):
                return Answer(False, True, "another run is sending it")
            body = self._body(message, may_have_it)
            answer = self.post(self.receiver.url, body, min(ATTEMPT_SECONDS, end - self.clock()))
            if answer.is_taken:
                self.files.write(sent, json.dumps({"kind": message.kind, "created_at": message.created_at}).encode())
                counts.sent += 1
                counts.possibly_repeated += may_have_it
                break
            if not answer.may_be_taken and not may_have_it:
                self.files.delete(attempted)
            if answer.is_refused and number:
                return answer
        if answer.is_taken:
            self.files.delete(self._path(message))
            self.files.delete(attempted)
        return answer

    def _body(self, message: Message, may_have_it: bool) -> bytes:
        body = message.body
        if isinstance(body, dict):
            body = sent_again(body) if may_have_it else body
            body = {"text": body["text"]} if self.receiver.form == "slack" else body
        return json.dumps(body).encode()

    def _path(self, message: Message) -> str:
        return pending_path(self.receiver.name, message.created_at, message.message_id)
