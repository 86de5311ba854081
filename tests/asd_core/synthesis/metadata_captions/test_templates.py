from collections import defaultdict

import pytest

from asd_core.clips.dcase import place
from asd_core.synthesis.metadata_captions.attribute_values import attribute_values
from asd_core.synthesis.metadata_captions.phrases import CLAUSES, ITEMS
from asd_core.synthesis.metadata_captions.templates import TEMPLATES, template_of
from tests.asd_core.synthesis.metadata_captions.real_names import ALL


def test_every_template_has_real_names_that_hold_all_its_keys_and_no_others():
    held = defaultdict(set)
    for path in ALL:
        placed = place(path)
        held[placed.machine_type] |= set(attribute_values(placed.attributes))

    assert dict(held) == {name: set(template.keys) for name, template in TEMPLATES.items()}


def test_every_key_of_a_template_is_put_into_words():
    assert {key for template in TEMPLATES.values() for key in template.keys} <= ITEMS.keys() | CLAUSES.keys()


@pytest.mark.parametrize("name", ["ToyCar", "toy_car", "toycar", "TOY CAR"])
def test_a_type_is_found_however_it_is_spelt(name):
    assert template_of(name).noun == "a toy car"


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("slide_rail", "a slide rail"),
        ("HydraulicPress", "a hydraulic press"),
        ("excavator", "an excavator"),
        ("\n<>", "a machine"),
    ],
)
def test_another_type_is_called_by_its_name(name, noun):
    assert template_of(name).noun == noun
