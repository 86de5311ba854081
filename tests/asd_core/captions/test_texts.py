import pytest

from asd_core.captions.texts import PAPER_TEXTS, texts_of
from asd_core.errors import UsageError


def test_the_paper_has_eight_texts():
    assert PAPER_TEXTS == (
        "Vibration",
        "High-frequency Squealing or Screeching",
        "Popping or Knocking Sounds",
        "Rhythmic Clicking or Tapping",
        "Grinding Sounds",
        "Irregular Patterns",
        "Low-frequency Humming",
        "Unexpected Silence",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_of_ones_own_is_read_in_its_order(tmp_path, encoding):
    path = tmp_path / "texts.txt"
    path.write_bytes("# for gearboxes\r\n\r\n Zähne, die schlagen \r\n=Rattling\r\n".encode(encoding))
    assert texts_of(path) == ("Zähne, die schlagen", "=Rattling")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"", "holds 0 texts: give 1 to 64"),
        (b"# only this\n", "holds 0 texts"),
        (b"\n".join(b"text %d" % i for i in range(65)), "holds 65 texts"),
        (b"Hum\nBuzz\nhum\n", "line 3 of .* says 'hum' again, as line 1 does"),
        (b"x" * 81, "line 1 of .* has 81 characters: a text has at most 80"),
        (b"Hum\nBu\x1bzz", "line 2 of .* holds control characters"),
        (b"L\xfcfter", "neither UTF-8 nor UTF-16"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_line(tmp_path, written, message):
    path = tmp_path / "texts.txt"
    path.write_bytes(written)
    with pytest.raises(UsageError, match=message):
        texts_of(path)


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot read the texts in .*nowhere.txt: No such file"):
        texts_of(tmp_path / "nowhere.txt")
