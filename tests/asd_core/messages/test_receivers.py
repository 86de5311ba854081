import pytest

from asd_core.errors import UsageError
from asd_core.messages.receivers import Receiver, addresses_in, receiver_of, receivers_of

SECRET = "T0/B0/xoxb-secret"


@pytest.mark.parametrize(
    ("address", "form", "url"),
    [
        ("https://host.example/a", "webhook", "https://host.example/a"),
        ("slack+https://chat.example/a", "slack", "https://chat.example/a"),
        ("https://hooks.slack.com/services/a", "slack", "https://hooks.slack.com/services/a"),
        ("alertmanager+http://am:9093", "alertmanager", "http://am:9093/api/v2/alerts"),
        ("alertmanager+http://am/prefix/", "alertmanager", "http://am/prefix/api/v2/alerts"),
        ("alertmanager+http://am/api/v2/alerts", "alertmanager", "http://am/api/v2/alerts"),
    ],
)
def test_an_address_tells_the_form_of_its_messages(address, form, url):
    assert receiver_of(address, "--notify") == Receiver(form, url)


@pytest.mark.parametrize(
    "address",
    [f"ftp://host/{SECRET}", SECRET, f"https:///{SECRET}", f"http://host:70000/{SECRET}", f"https://h/{SECRET} x"]
    + [f"pager+https://host/{SECRET}", f"http://[::1/{SECRET}", "", f"https://h/{SECRET}\x1b[2J", "alertmanager+host"],
)
def test_what_is_no_address_is_refused_and_not_shown(address):
    with pytest.raises(UsageError, match="--notify") as refused:
        receiver_of(address, "--notify")
    assert "secret" not in str(refused.value)


def test_a_receiver_shows_its_host_and_never_its_address():
    receiver = receiver_of(f"https://ann:word@host.example:8443/{SECRET}", "--notify")
    assert receiver.host == "host.example:8443"
    assert receiver.name.startswith("host.example%3A8443-") and "/" not in receiver.name
    for shown in (repr(receiver), receiver.name, receiver.host):
        assert "secret" not in shown and "word" not in shown


def test_each_receiver_counts_once_and_each_address_has_a_name_of_its_own():
    found = receivers_of(["https://h/a", "https://h/b", "https://h/a"], "x")
    assert len(found) == 2 and len({receiver.name for receiver in found}) == 2


def test_a_file_has_an_address_a_line():
    assert addresses_in("# ours\n\nhttps://h/a\n  slack+https://h/b  \r\n") == ["https://h/a", "slack+https://h/b"]
