import pytest

from asd_core.detectors.build import detector_config
from asd_core.detectors.group_settings import GroupedConfig, asks_for_named, check_divides, with_named_groups
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.errors import AsdError, UsageError


def test_without_groups_a_configuration_is_that_of_its_kind():
    assert detector_config({"kind": "memory_bank"}) == MemoryBankConfig()
    config = detector_config({"kind": "memory_bank", "groups": 8, "k": 2})
    assert config == GroupedConfig(MemoryBankConfig(k=2), 8) and config.kind == "memory_bank"


def test_named_groups_follow_each_other():
    config = detector_config({"groups": "named"})
    assert asks_for_named(config) and not asks_for_named(detector_config({"groups": 2}))
    layout = with_named_groups(config, (("a", 2), ("b", 1))).layout(3)
    assert [(name, numbers.tolist()) for name, numbers in layout] == [("a", [0, 1]), ("b", [2])]
    with pytest.raises(AsdError, match=r"embeddings of 4 numbers, but the encoder names groups of \[2, 1\]"):
        with_named_groups(config, (("a", 2), ("b", 1))).layout(4)


@pytest.mark.parametrize(("order", "first"), [("interleaved", [0, 2, 4]), ("consecutive", [0, 1, 2])])
def test_equal_groups_take_every_nth_number_or_a_run_of_them(order, first):
    layout = detector_config({"groups": 2, "group_order": order}).layout(6)
    assert layout[0][1].tolist() == first and sorted(n for _, part in layout for n in part) == list(range(6))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": 0}, "groups = 0: must be a whole number, 1 or more"),
        ({"groups": 2.5}, "groups = 2.5 is not a whole number"),
        ({"groups": True}, "groups = True is not a whole number"),
        ({"groups": "nmaed"}, "groups = 'nmaed'; did you mean 'named'"),
        ({"groups": [1, 2]}, r"groups = \[1, 2\] is not"),
        ({"group": 8}, "no key 'group'; did you mean 'groups'"),
        ({"groups": 8, "group_score": "min"}, "group_score = 'min'"),
        ({"groups": 8, "group_order": "random"}, "group_order = 'random'"),
        ({"groups": 8, "k": 2}, "no key 'k'"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_line(settings, message):
    with pytest.raises(UsageError, match=message):
        detector_config(settings)


def test_numbers_that_divide_are_named():
    check_divides(8, 480)
    with pytest.raises(UsageError, match="480 numbers .* 7 equal groups; take one of 2, 3, 4, 5, 6, 8, 10, 12, ..."):
        check_divides(7, 480)
