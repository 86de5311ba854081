import pyarrow as pa
import pytest

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.pipeline.night_answers import night_answers
from asd_core.store.alarm_schemas import LABELS

NIGHT = ("fan", "00", "2026-11-19")


def answers(*given, clips=2):
    """Of the night of a fan with two clips; each answer is (uri or None, answer) or more columns."""
    nights = GatheredNights(["clips"])
    named = {"machine_type": ["fan"], "machine_id": ["00"], "clips": [clips]}
    nights.add(NIGHT[2], pa.table(named))
    blank = dict(zip(("machine_type", "machine_id", "date"), NIGHT, strict=True)) | {"labelled_at": 0}
    rows = [blank | {"uri": uri, "answer": answer, **more} for uri, answer, more in given]
    return night_answers(pa.Table.from_pylist(rows, LABELS), nights)


def test_the_answer_on_the_night_counts_before_those_on_its_clips():
    fault = ("a", "fault", {"words": "hums", "labelled_by": "Ann"})
    assert answers(fault, (None, "normal", {})) == {NIGHT: NightAnswer("normal")}
    assert answers(fault) == {NIGHT: NightAnswer("fault", "hums", labelled_by="Ann")}


@pytest.mark.parametrize(("clips", "count"), [(1, 1), (2, 1), (3, 0), (0, 0)])
def test_a_night_is_normal_if_all_its_clips_are(clips, count):
    assert len(answers(("a", "normal", {}), ("b", "normal", {}), clips=clips)) == count


def test_a_clip_with_a_fault_makes_the_night_one():
    found = answers(("a", "normal", {}), ("b", "fault", {"words": "knocks"}))
    assert found[NIGHT].answer == "fault"


def test_answers_on_other_nights_and_machines_are_left_out():
    other = {"date": "2026-11-20"}, {"machine_id": "01"}
    assert answers(*((None, "normal", one) for one in other)) == {}


def test_the_last_night_of_an_ignored_alarm_is_told():
    assert answers((None, "ignore", {"until": "2026-12-01"}))[NIGHT].until == "2026-12-01"
