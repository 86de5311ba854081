import datetime

import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.opinion_files import COLUMNS, read_ratings
from tests.asd_core.evaluation.ratings import row, write_ratings


def test_a_rating_comes_back_as_it_was_given(tmp_path):
    given = row(rater="=Änn", machine=("-fan,\n", '"0"'), llm="")
    (rating,), _ = read_ratings([write_ratings(tmp_path / "r.csv", given)])
    assert (rating.rater, rating.machine_type, rating.machine_id) == ("=Änn", "-fan,\n", '"0"')
    assert (rating.rating, rating.method, rating.llm, rating.clip_id) == (4, "hybrid", "", "a")
    assert rating.rated_at == datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_that_a_spreadsheet_saved_are_read(tmp_path, delimiter, encoding):
    path = write_ratings(tmp_path / "r.csv", row(machine=("a,b;c", "")), delimiter=delimiter, encoding=encoding)
    assert [rating.machine_type for rating in read_ratings([path])[0]] == ["a,b;c"]


def test_the_last_rating_of_a_caption_counts_whatever_the_order_of_the_files(tmp_path):
    old = write_ratings(tmp_path / "old.csv", row(1), row(2, clip="b"), row(3, rater="Ben"))
    new = write_ratings(tmp_path / "new.csv", row(5, rated_at="2026-11-21T12:00:00Z"), row(2, clip="b"))
    for paths in ([old, new], [new, old]):
        ratings, left_out = read_ratings(paths)
        assert sorted((r.rater, r.clip_id, r.rating) for r in ratings) == [
            ("Ann", "a", 5),
            ("Ann", "b", 2),
            ("Ben", "a", 3),
        ]
        assert left_out == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rating in .*r.csv: export them from the report"),
        ([row(), row(6)], "line 3: a rating is a whole number from 1 to 5, not '6'"),
        ([row("4.5")], "from 1 to 5, not '4.5'"),
        ([row(method="hybird")], "there is no method 'hybird'; did you mean 'hybrid'?"),
        ([row(rater=" ")], "nobody is named as the rater"),
        ([row(rated_at="20.11.2026 12:00")], "rated_at is a time such as .*, not '20.11.2026 12:00'"),
        ([row(4), row(5)], "'Ann' rated one caption of file:///plant/a.flac 4 and 5 at"),
    ],
)
def test_what_no_rating_has_is_refused_with_its_line(tmp_path, rows, message):
    with pytest.raises(UsageError, match=message):
        read_ratings([write_ratings(tmp_path / "r.csv", *rows)])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (COLUMNS[:-1], "has no column 'rated_at'"),
        ((*COLUMNS, "ratng"), "has a column 'ratng'; did you mean 'rating'"),
        ((*COLUMNS, "llm"), "has a column 'llm', twice"),
    ],
)
def test_other_columns_are_refused(tmp_path, columns, message):
    with pytest.raises(UsageError, match=message):
        read_ratings([write_ratings(tmp_path / "r.csv", row(), columns=columns)])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"", "has no column 'rater'"),
        (b"L\xfcfter", "is neither UTF-8 nor UTF-16"),
        (",".join(COLUMNS).encode() + b"\nAnn,1\n", "a row has 10 cells"),
        (",".join(COLUMNS).encode() + b"\n" + b",".join([b"1"] * 11), "a row has 10 cells"),
        (",".join(COLUMNS).encode() + b'\n"Ann', "unexpected end of data"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, written, message):
    (tmp_path / "r.csv").write_bytes(written)
    with pytest.raises(UsageError, match=message):
        read_ratings([tmp_path / "r.csv"])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*nowhere.csv: No such file"):
        read_ratings([tmp_path / "nowhere.csv"])
