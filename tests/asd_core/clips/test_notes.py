from __future__ import annotations

import pyarrow as pa

from asd_core.clips.clip import Placement, clips_table
from asd_core.clips.notes import notes_on_no_date, notes_on_training
from asd_core.clips.selection import training_clips


def labelled(*rows: dict[str, str]) -> pa.Table:
    """Clips of fan 00 of one date, but for the fields given."""
    places = [Placement("fan", "00", date="2026-11-01")._replace(**row) for row in rows]
    uris = [f"file:///a/{number}.wav" for number in range(len(rows))]
    return clips_table(uris, [1] * len(rows), ["v"] * len(rows), places)


def test_recordings_that_are_of_no_night_are_counted_where_others_have_one() -> None:
    (note,) = notes_on_no_date(labelled({}, {"date": "undated"}, {"date": "undated"}))
    assert note.startswith("2 of 3 recordings have no date and are of no night, such as file:///a/1.wav")
    assert notes_on_no_date(labelled({}, {})) == notes_on_no_date(labelled({"date": "undated"})) == []
    assert notes_on_no_date(labelled({"split": "test", "date": "undated"}, {})) == []


def test_clips_learnt_because_they_are_known_to_be_normal_are_counted() -> None:
    clips = labelled({"condition": "normal"}, {"condition": "normal"}, {"condition": "anomalous"}, {})
    chosen = training_clips(clips)
    (note,) = notes_on_training(clips, chosen, is_told=False)
    assert "so 1 of the 2 known to be normal are learnt" in note
    assert notes_on_training(clips, chosen, is_told=True) == []
    assert notes_on_training(labelled({"split": "train"}), labelled({"split": "train"}), is_told=False) == []


def test_an_archive_without_dates_and_splits_is_told_so_with_the_cure() -> None:
    clips = labelled({"date": "undated"}, {"date": "undated"})
    (note,) = notes_on_training(clips, clips, is_told=True)
    assert note.startswith("none of 2 recordings has a date, so asd nightly will take those that have no score yet")
    assert "--pattern" in note
    assert notes_on_training(labelled({"split": "train", "date": "undated"}), clips, is_told=True) == []
