"""Forms, and paths of this server."""

import pytest

from asd_core.serving.answers import MOST_FORM_BYTES, is_own_path
from asd_core.store.store import open_store
from tests.asd_core.serving.clients import TOKEN, far_client, form_secret, local_client


def test_a_form_bears_the_field_of_our_own_pages_or_the_token_itself(tmp_path):
    client = local_client(open_store(str(tmp_path)))
    for sent, status in (({}, 403), ({"form_secret": "x"}, 403), ({"form_secret": form_secret(client)}, 303)):
        assert client.post("/logout", data=sent).status_code == status
    assert far_client(open_store(str(tmp_path)), TOKEN).post("/logout").status_code == 303


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"a=" + b"x" * MOST_FORM_BYTES, 413),
        (b"a=\xff", 400),
        (b"a=%ff", 400),
        (b"&".join(b"%d=" % number for number in range(60)), 400),
    ],
    ids=["long", "bytes", "encoded bytes", "many fields"],
)
def test_what_is_no_form_is_refused(tmp_path, data, status):
    client = local_client(open_store(str(tmp_path)))
    answer = client.post("/logout", content=data, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == status


def test_a_path_is_of_this_server_however_it_is_read():
    assert is_own_path("/") and is_own_path("/nights?key=a&page=2")
    assert not any(map(is_own_path, ["", "nights", "//host", "/\\host", "/a\tb", "http://host/", "\t//host"]))
