"""Names of generated clips against the parser of DCASE names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.dcase import place
from asd_core.synthesis.generation.names import clip_path, tells_machine

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30).filter(
    lambda word: not set(word) & set('/\\:*?"<>|%') and word.isprintable()
)
DOMAINS, CONDITIONS = st.sampled_from(["", "source", "target"]), st.sampled_from(["normal", "anomalous"])


@given(st.sampled_from(["fan", "ToyCar", "3DPrinter"]), st.integers(0, 99), DOMAINS, CONDITIONS, WORDS)
def test_the_parser_gives_back_every_field_of_a_label(machine_type, section, domain, condition, attributes):
    path = clip_path(machine_type, f"{section:02d}", domain, condition, section, attributes)
    found = place(path)
    assert (found.machine_type, found.machine_id, found.split) == (machine_type, f"{section:02d}", "test")
    assert (found.domain, found.condition, found.attributes) == (domain, condition, attributes)


@given(st.text(max_size=300), st.text(max_size=300), DOMAINS, CONDITIONS, st.text(max_size=300))
def test_hostile_labels_give_names_that_every_file_system_takes(machine_type, machine_id, domain, condition, text):
    path = clip_path(machine_type, machine_id, domain, condition, 7, text)
    folders = path.split("/")
    assert len(folders) == 3 and path.isprintable() and "\\" not in path
    assert all(0 < len(name.encode()) <= 255 and not name.startswith(".") for name in folders)
    if tells_machine(path, machine_type, machine_id, domain, condition):
        assert place(path).machine_id == machine_id and place(path).domain == domain


@pytest.mark.parametrize("attributes", ["../../up", "a\nb", "a" * 400, "x\u202ey", "\x00", "w%41"])
def test_hostile_attributes_keep_machine_domain_and_condition(attributes):
    path = clip_path("fan", "03", "target", "anomalous", 12, attributes)
    assert tells_machine(path, "fan", "03", "target", "anomalous")
    assert len(path.rpartition("/")[2].encode()) <= 255


def test_a_machine_id_other_than_two_digits_is_not_told_by_the_name():
    path = clip_path("fan", "00_target", "", "normal", 0, "")
    assert path == "fan/test/section_00%5Ftarget_test_normal_0000.wav"
    assert not tells_machine(path, "fan", "00_target", "", "normal")


@pytest.mark.parametrize("machine_type", ["__MACOSX", ".git", "lost+found", "..", ""])
def test_no_machine_type_becomes_a_folder_that_listings_do_not_open(machine_type):
    folder = clip_path(machine_type, "00", "", "normal", 0).split("/")[0]
    assert folder and not folder.startswith((".", "_")) and folder != machine_type
