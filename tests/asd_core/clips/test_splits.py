from __future__ import annotations

import pyarrow as pa
import pytest

from asd_core.clips.clip import UNPLACED, Placement, clips_table
from asd_core.clips.splits import by_split, has_test_split, notes_on_no_split


def clips(*splits: str, folder: str = "a", machine_id: str = "00") -> pa.Table:
    uris = [f"file:///{folder}/{number}{split}.wav" for number, split in enumerate(splits)]
    places = [Placement("fan", machine_id, split) for split in splits]
    return clips_table(uris, [1] * len(uris), ["v"] * len(uris), places)


@pytest.mark.parametrize(
    ("splits", "scored"),
    [
        (["train", "test", ""], ["test"]),
        (["train", ""], [""]),
        (["", ""], ["", ""]),
        (["test", "test"], ["test", "test"]),
        (["train"], []),
    ],
)
def test_only_split_test_is_scored_or_where_there_is_none_what_is_of_no_split(
    splits: list[str], scored: list[str]
) -> None:
    assert by_split(clips(*splits))["split"].to_pylist() == scored


def test_training_clips_are_scored_too_when_asked() -> None:
    assert by_split(clips("train", "test", ""), include_train=True)["split"].to_pylist() == ["train", "test"]


def test_clips_of_no_known_machine_stay_and_do_not_make_a_test_split() -> None:
    unplaced = pa.concat_tables([clips("test", "", machine_id=UNPLACED), clips("train", "")])
    assert not has_test_split(unplaced) and len(by_split(unplaced)) == 3
    assert len(by_split(pa.concat_tables([unplaced, clips("test")]))) == 3


def test_supplemental_clips_are_never_scored_where_there_are_splits_and_counted() -> None:
    supplemental = clips("", "", folder="ToyCar/supplemental")
    for splits in (["train"], ["train", "test"], ["test"]):
        both = pa.concat_tables([clips(*splits), supplemental])
        assert set(by_split(both)["split"].to_pylist()) <= {"test"}
        (note,) = notes_on_no_split(both)
        assert note.startswith("2 recordings of no split are left out, such as file:///ToyCar/supplemental/0.wav")
    odd = clips("", folder="ToyCar/supplemental", machine_id=UNPLACED)
    assert len(by_split(pa.concat_tables([clips("test"), odd]))) == 1
    assert len(notes_on_no_split(pa.concat_tables([clips("test"), odd]))) == 1
    assert len(by_split(supplemental)) == 2 and notes_on_no_split(supplemental) == []
    assert notes_on_no_split(clips("train", "")) == notes_on_no_split(clips("", "")) == []
