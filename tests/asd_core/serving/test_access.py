"""The token, the cookie of a session, and the names of the server."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import UsageError
from asd_core.serving.access import SESSION_SECONDS, Access, host_name, is_loopback, read_token

TOKEN = "correct-horse-battery-staple"


def token_file(folder, data, mode=0o600):
    path = folder / "token"
    path.write_bytes(data)
    os.chmod(path, mode)
    return path


def test_a_token_is_the_one_word_in_its_file(tmp_path):
    assert read_token(token_file(tmp_path, TOKEN.encode() + b"\n", 0o640)) == TOKEN


@pytest.mark.parametrize(
    ("data", "mode", "why"),
    [
        (b"", 0o600, "has 0 characters"),
        (b"\n", 0o600, "has 0 characters"),
        (b"short", 0o600, "has 5 characters"),
        (b"two words that are long enough", 0o600, "one word"),
        (b"\xff" * 40, 0o600, "one word"),
        ("wörter-die-lang-genug-sind".encode(), 0o600, "one word"),
        (TOKEN.encode(), 0o644, "everybody on this computer can read"),
    ],
    ids=["empty", "a line end", "short", "two words", "bytes", "letters of elsewhere", "for all to read"],
)
def test_a_file_without_a_good_token_is_refused_in_one_line(tmp_path, data, mode, why):
    with pytest.raises(UsageError, match=why) as refused:
        read_token(token_file(tmp_path, data, mode))
    assert "\n" not in str(refused.value) and TOKEN not in str(refused.value)


def test_what_is_no_file_is_no_token_file(tmp_path):
    for path in (tmp_path, tmp_path / "gone", "\0"):
        with pytest.raises(UsageError, match="token file"):
            read_token(path)


def test_a_session_lasts_its_time_and_only_under_its_token():
    access = Access(TOKEN)
    cookie = access.new_session(now=1000.0)
    assert TOKEN not in cookie and cookie != access.new_session(now=1000.0)
    assert access.is_session(cookie, now=1000.0 + SESSION_SECONDS - 1)
    assert not access.is_session(cookie, now=1000.0 + SESSION_SECONDS + 1)
    assert not Access("another-token-that-is-long").is_session(cookie, now=1001.0)
    assert not Access(None).is_session(cookie, now=1001.0)


@given(st.text(), st.integers(0, 200))
def test_no_other_text_is_a_session_or_a_token(text, place):
    access = Access(TOKEN)
    cookie = access.new_session()
    changed = cookie[:place] + text + cookie[place + 1 :]
    assert access.is_session(changed) == (changed == cookie)
    assert access.is_token(text) == (text == TOKEN)


def test_nothing_is_a_token_where_there_is_none():
    assert not Access(None).is_token("") and not Access(None).is_session("")


def test_secrets_are_not_shown():
    access = Access(TOKEN)
    assert TOKEN not in repr(access) and access.form_secret not in repr(access)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8321", "127.0.0.1"),
        ("LocalHost", "localhost"),
        ("[::1]:8321", "::1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_a_host_has_a_name(host, name):
    assert host_name(host) == name


def test_a_page_of_a_foreign_name_is_not_addressed_to_this_server():
    access = Access(TOKEN, frozenset({"asd.example.com"}), any_address=True)
    assert access.is_addressed("asd.example.com:443") and access.is_addressed("10.0.0.1")
    assert not any(map(access.is_addressed, ["evil.example", "127.0.0.1.evil.example", "", "asd.example.com.evil"]))
    assert not Access().is_addressed("10.0.0.1") and Access().is_addressed("localhost:1")


def test_only_this_computer_is_loopback():
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.8.8.8", "::1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "localhost.evil.example"]))
