"""Labels in words, the newest first."""

from asd_core.runs.label import AskedLabel, label
from asd_core.serving.given_labels import labels_of_clip, labels_of_night
from tests.asd_core.serving.plants import NIGHT


def test_the_newest_answer_counts_and_the_others_are_told(plant):
    uri = plant.clips()["00", 0]["uri"]
    for asked in (
        AskedLabel("fault", uri, date=NIGHT, words="hums", labelled_by="Ann"),
        AskedLabel("normal", uri, date=NIGHT),
        AskedLabel("ignore", machine="fan/00", date=NIGHT, until="2026-12-01"),
    ):
        assert not label(plant.store, [asked]).refused
    table = plant.store.all_labels()
    of_clip, of_night = labels_of_clip(table, uri), labels_of_night(table, "fan", "00", NIGHT)
    assert of_clip.current.words == "Labelled normal"
    assert [one.words for one in of_clip.earlier] == ['Labelled a fault by Ann ("hums")']
    assert of_night.current.words == "Labelled to be ignored until 2026-12-01" and not of_night.earlier


def test_a_label_that_was_taken_back_counts_no_more(plant):
    night = {"machine": "fan/00", "date": NIGHT}
    label(plant.store, [AskedLabel("normal", **night)])
    label(plant.store, [AskedLabel("removed", labelled_by="Bob", **night)])
    given = labels_of_night(plant.store.all_labels(), "fan", "00", NIGHT)
    assert given.current is None
    assert [one.words for one in given.earlier] == ["Label taken back by Bob", "Labelled normal"]


def test_nothing_is_told_of_what_nobody_labelled(plant):
    given = labels_of_clip(plant.store.all_labels(), "file:///a.wav")
    assert given.current is None and given.earlier == ()
