import pytest

from asd_core.audio.decoding import decode
from tests.fuzz.mutations import mutated, with_checksums
from tests.sound_files import RATE, encode

DATA = encode("WAV")


def test_a_seed_makes_one_file_and_another_seed_another():
    assert mutated(DATA, 1) == mutated(DATA, 1) != mutated(DATA, 2)
    changed = {mutated(DATA, seed, [b"other" * 99]) for seed in range(100)}
    assert len(changed) > 95 and DATA not in changed


@pytest.mark.parametrize("data", [b"", b"a"])
def test_the_smallest_files_are_changed_too(data):
    assert all(isinstance(mutated(data, seed), bytes) for seed in range(100))


def test_an_ogg_file_with_its_own_checksums_is_as_it_was():
    data = encode("OGG")
    assert with_checksums(data) == data
    wrong = data.replace(b"vorbis", b"vorbiS", 1)  # refused for what it says, not for its checksum
    assert with_checksums(wrong) != wrong
    assert len(decode(with_checksums(data[:22] + b"abcd" + data[26:]), sample_rate=RATE).samples) == 20_000
