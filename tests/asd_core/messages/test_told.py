import pytest

from asd_core.errors import AsdError
from asd_core.messages.changes import ToldAlarm
from asd_core.messages.told import Told, read_told, write_told
from asd_core.store.layout import told_path
from asd_core.store.local_files import LocalFiles

WHEN = "2026-11-15T06:00:00.000000Z"


def test_a_receiver_without_a_file_was_told_nothing(tmp_path):
    assert read_told(LocalFiles(tmp_path), "host-1", "key") == Told()


def test_what_was_told_comes_back_with_the_messages_that_are_planned(tmp_path):
    files, told = LocalFiles(tmp_path), Told("2026-11-15", {("fan", "\udc80"): ToldAlarm("2026-11-14", "a", WHEN)})
    told.message("place", "alarm", "key", {"text": "x"}, WHEN, (("fan", "\udc80"),))
    write_told(files, "host-1", "key", told)
    assert read_told(files, "host-1", "key") == told and told.count == 1


def test_ids_are_those_of_content_and_number_and_times_never_go_back():
    def planned(place, *bodies):
        told = Told()
        return [told.message(place, "alarm", "key", body, when, ()) for body, when in bodies]

    later = WHEN.replace("06:", "07:")
    first, second = planned("a", ({"text": "x"}, later), ({"text": "x"}, WHEN))
    assert first.message_id != second.message_id and second.created_at == "2026-11-15T07:00:00.000001Z"
    assert first.body == {"text": "x", "message_id": first.message_id, "created_at": later}
    assert planned("a", ({"text": "x"}, WHEN))[0].message_id == first.message_id
    assert planned("b", ({"text": "x"}, WHEN))[0].message_id != first.message_id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"night": "", "alarms": [{}]}'])
def test_a_broken_file_names_itself_and_the_mend(tmp_path, text):
    files = LocalFiles(tmp_path)
    files.write(told_path("host-1", "key"), text.encode())
    with pytest.raises(AsdError, match=r"told/key.json in the store .*remove it"):
        read_told(files, "host-1", "key")
