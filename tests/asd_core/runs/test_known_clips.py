"""Clips and machines as people name them; that they are found in a store is tested with the labels."""

import pytest

from asd_core.errors import UsageError
from asd_core.runs.known_clips import KnownNights, addresses, is_text, near_machine
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


def test_of_many_machines_a_hint_names_few():
    assert near_machine("x", [f"pump/{n:05d}" for n in range(10_000)]).count("pump") == 3


@pytest.mark.parametrize("text", ["/a=b/c d.wav", "file:///a=b/c d.wav", "file:///a%3Db/x/../c%20d.wav"])
def test_a_path_and_an_address_stand_for_the_address_of_the_scores(text):
    assert "file:///a%3Db/c%20d.wav" in addresses(text)


def test_an_address_of_imported_embeddings_stays_as_it_is():
    assert addresses("features://fan/1") == ["features://fan/1"]


def test_bytes_that_are_no_utf_8_are_no_address_of_a_store():
    assert all(map(is_text, addresses("/\udcff.wav"))) and not is_text("\udcff")


def test_an_empty_store_knows_nothing(tmp_path):
    nights = KnownNights(Store(LocalFiles(tmp_path)))
    with pytest.raises(UsageError, match="^no night of 2026-11-19 is scored$"):
        nights.place_of("", "fan/00", "2026-11-19")
