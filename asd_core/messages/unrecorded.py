"""A failed night is told where no store can be reached: nothing is kept, so the message may come again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from asd_core.digest import name_hash
from asd_core.messages.alertmanager import night_alert
from asd_core.messages.message import time_text
from asd_core.messages.outbox import ATTEMPT_SECONDS, Sendings
from asd_core.messages.posting import Post
from asd_core.messages.receivers import Receiver
from asd_core.messages.webhook import About, sent_again, told_night

_TRIES = 2


def post_unrecorded(receivers: Sequence[Receiver], error: str, post: Post, now: datetime) -> list[Sendings]:
    """Post to each receiver that a night failed. Its id is the same all day for the same error.

    Args:
        receivers: who is told.
        error: the line that the command ended with.
        post: posts a body once.
        now: the time.
    """
    return [_posted(receiver, error, post, now) for receiver in receivers]


def _posted(receiver: Receiver, error: str, post: Post, now: datetime) -> Sendings:
    about, counts = About("", None), Sendings(receiver.host)
    message_id = name_hash("night_failed", now.date().isoformat(), error)
    body = told_night(about, "night_failed", error) | {"message_id": message_id, "created_at": time_text(now)}
    body = sent_again(body)
    shown = {
        "webhook": body,
        "slack": {"text": body["text"]},
        "alertmanager": [night_alert(about, "night_failed", error, now)],
    }
    data = json.dumps(shown[receiver.form]).encode()
    for _ in range(_TRIES):
        answer = post(receiver.url, data, ATTEMPT_SECONDS)
        if answer.is_taken:
            counts.sent, counts.possibly_repeated = 1, 1
            return counts
    counts.given_up, counts.why = 1, answer.why
    return counts
