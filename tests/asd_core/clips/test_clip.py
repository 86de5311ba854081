from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.clip import Placement, clip_id, clips_table
from asd_core.store.tables import CLIPS


def test_a_clip_is_one_row_of_the_clips_table() -> None:
    table = clips_table(["file:///a.wav"], [3], ["v"], [Placement("fan", "07", date="2026-11-19")])
    [clip] = table.to_pylist()
    assert list(clip) == CLIPS.names and clip["clip_id"] == clip_id("file:///a.wav", 3, "v")
    assert (clip["machine_id"], clip["extra"]) == ("07", "{}")


@given(st.tuples(st.text(max_size=5), st.integers(0, 99), st.text("0123456789", max_size=3)))
def test_another_address_size_or_version_is_another_clip(parts: tuple[str, int, str]) -> None:
    uri, size, version = parts
    ids = {clip_id(uri, size, version), clip_id(uri + "x", size, version)}
    ids |= {clip_id(uri, size + 100, version), clip_id(uri, size, version + "1")}
    assert len(ids) == 4 and all(len(name) == 32 and int(name, 16) >= 0 for name in ids)


def test_an_id_stays_what_it_was_in_earlier_runs() -> None:
    assert clip_id("file:///a.wav", 320044, "1") == "169fa0416b51e3c12490b4e53799c8d4"


def test_rows_are_sorted_by_machine_then_date_then_uri() -> None:
    placements = [Placement("pump", "00"), Placement("fan", "01"), Placement("fan", "00", date="2026-11-02")]
    placements += [Placement("fan", "00", date="2026-11-01")] * 2
    table = clips_table(["e", "d", "c", "b", "a"], [1] * 5, ["v"] * 5, placements)
    assert table["uri"].to_pylist() == ["a", "b", "c", "d", "e"]


def test_an_empty_table_has_the_schema() -> None:
    assert clips_table([], [], [], []).schema == CLIPS
