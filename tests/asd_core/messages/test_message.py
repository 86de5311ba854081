import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from asd_core.errors import AsdError
from asd_core.messages.message import Message, message_of, time_text

MESSAGE = Message("alarm", "ab12", "2026-11-15T06:00:00.000000Z", "key", {"text": "é\ud800"}, (("fan", "\udc80"),))


def test_a_message_comes_back_from_its_file_whatever_its_names():
    assert message_of(json.loads(MESSAGE.to_bytes())) == MESSAGE


@pytest.mark.parametrize("change", [{"kind": 1}, {"created_at": "today"}, {"machines": [["fan"]]}, {"key": None}])
def test_a_file_that_holds_no_message_is_refused(change):
    with pytest.raises((AsdError, TypeError, ValueError, LookupError)):
        message_of(MESSAGE.to_json() | change)


def test_times_sort_as_texts():
    moment = datetime(2026, 11, 15, 6, tzinfo=UTC)
    assert time_text(moment) == "2026-11-15T06:00:00.000000Z"
    assert time_text(moment.astimezone(timezone(timedelta(hours=9)))) == time_text(moment)
    assert time_text(moment) < time_text(moment + timedelta(microseconds=1))


def test_a_message_has_an_age():
    assert MESSAGE.age(datetime(2026, 11, 15, 7, tzinfo=UTC)) == timedelta(hours=1)
