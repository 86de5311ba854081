from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import UsageError
from asd_core.store.tables import rows_of
from asd_core.synthesis.metadata_captions.wanted import WANTED, spread, wanted
from tests.asd_core.synthesis.metadata_captions.placed import clips_of_names, names

CLIPS = clips_of_names(
    [
        *names("shaker", "source", "speed_1000", 60),
        *names("shaker", "source", "speed_600", 38, first=60),
        *names("shaker", "target", "speed_1200", 2),
        *names("shaker", "source", "speed_9999", 5, split="test", condition="anomaly"),
        *names("fan", "source", "n_A", 4),
    ]
)
SIZES = st.dictionaries(st.text(max_size=3), st.integers(1, 1000), min_size=1, max_size=8)


def test_clips_follow_the_real_normals_and_every_domain_has_one():
    made = Counter(rows_of(wanted(CLIPS, ["shaker"], 10), "condition", "domain", "attributes"))

    each = {("source", "speed_1000"): 6, ("source", "speed_600"): 3, ("target", "speed_1200"): 1}
    assert made == {(condition, *label): n for condition in ("normal", "anomalous") for label, n in each.items()}


def test_domains_may_have_equally_many_clips_whatever_was_recorded():
    made = Counter(rows_of(wanted(CLIPS, ["shaker"], 11, domains="equal"), "condition", "domain", "attributes"))

    each = {("source", "speed_1000"): 4, ("source", "speed_600"): 2, ("target", "speed_1200"): 5}
    assert made == {(condition, *label): n for condition in ("normal", "anomalous") for label, n in each.items()}


def test_anomalous_captions_are_the_normal_ones_with_one_word_swapped():
    table = wanted(CLIPS, ["shaker"], 10)
    halves = [
        [caption for kind, caption in rows_of(table, "condition", "caption") if kind == k]
        for k in ("normal", "anomalous")
    ]

    assert halves[1] == [caption.replace("normal", "anomaly") for caption in halves[0]]
    assert table.schema.equals(WANTED)


def test_a_label_is_the_name_of_a_real_normal_recording():
    labels = set(wanted(CLIPS, ["shaker"], 10)["label"].to_pylist())

    assert labels == {
        "section_00_source_train_normal_0000_speed_1000.wav",
        "section_00_source_train_normal_0060_speed_600.wav",
        "section_00_target_train_normal_0000_speed_1200.wav",
    }


def test_the_order_of_the_archive_makes_no_difference():
    back = CLIPS.take(list(range(len(CLIPS)))[::-1])

    assert wanted(back, ["fan", "shaker"], 7).equals(wanted(CLIPS, ["shaker", "fan"], 7))


def test_a_target_without_normals_is_one_line():
    with pytest.raises(UsageError, match="target 'pump' has no normal clip"):
        wanted(CLIPS, ["pump"], 3)


@given(st.integers(0, 300), SIZES)
def test_all_are_given_out_and_every_group_has_one_while_there_is_room(count, sizes):
    shares = spread(count, sizes)

    assert sum(shares.values()) == count
    assert all(share >= 1 for share in shares.values())
    assert len(shares) == min(count, len(sizes))


@given(st.integers(1, 300), SIZES)
def test_where_every_group_is_due_one_its_share_is_its_part_rounded_up_or_down(count, sizes):
    parts = {name: count * size / sum(sizes.values()) for name, size in sizes.items()}

    if all(part >= 1 for part in parts.values()):
        assert all(abs(share - parts[name]) < 1 for name, share in spread(count, sizes).items())


@given(st.integers(0, 300), SIZES)
def test_a_larger_group_never_has_fewer(count, sizes):
    shares = spread(count, sizes)

    ordered = sorted(sizes, key=lambda name: sizes[name])
    for small, large in zip(ordered, ordered[1:], strict=False):
        assert sizes[small] == sizes[large] or shares.get(small, 0) <= shares.get(large, 0)
