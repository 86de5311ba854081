import json
import os
from urllib.parse import unquote

import pyarrow as pa
import pytest
import soundfile

from asd_core.audio.differences import describe_difference
from asd_core.audio.listening import ALL
from asd_core.audio.measures import measure
from asd_core.captions.clip_tasks import MEASURES, MeasureTask, measure_clips, measures_from
from tests.fleet import NIGHTS, listed, write_fleet


@pytest.fixture
def clips(tmp_path):
    return listed(write_fleet(tmp_path, machines=["00"], dates=NIGHTS[:1], clips=2))


def test_measurements_come_back_as_they_were_taken(clips, tmp_path):
    rows, problems = measure_clips(MeasureTask(ALL, clips))
    assert rows.schema == MEASURES and problems == {}
    for row in rows.to_pylist():
        samples, rate = soundfile.read(unquote(row["uri"].removeprefix("file://")), dtype="float32")
        assert measures_from(row["measures"]) == measure(samples, rate)


def test_a_row_of_an_earlier_version_gives_what_it_has(clips):
    row = measure_clips(MeasureTask(ALL, clips.slice(0, 1)))[0]["measures"][0].as_py()
    new = measures_from(row)
    fields = json.loads(row)
    for name in ("swellings", "track", "clipping", "dropouts"):
        del fields[name]
    fields |= {"modulation_rate": 3.0, "modulation_depth": 0.5, "impulse_rate": 22.7}
    fields["tones"] = [{"frequency": 100.0, "prominence": 9.0}]
    fields["bands"] = [{name: band[name] for name in ("low", "high", "level")} for band in fields["bands"]]
    old = measures_from(json.dumps(fields))
    assert (old.level, old.swellings, old.impulse_rate, old.track) == (new.level, None, None, None)
    assert (old.tones[0].prominence, old.bands[0].steady) == (9.0, None)
    assert describe_difference(new, [old]) and describe_difference(old, [new])


def test_a_clip_that_cannot_be_read_or_was_replaced_stops_no_other(clips):
    imported = clips.slice(0, 1).set_column(clips.schema.get_field_index("uri"), "uri", pa.array(["import:x"]))
    os.utime(unquote(clips["uri"][1].as_py().removeprefix("file://")), ns=(1, 1))
    rows, problems = measure_clips(MeasureTask(ALL, pa.concat_tables([clips, imported.cast(clips.schema)])))
    assert rows["uri"].to_pylist() == [clips["uri"][0].as_py()]
    assert "replaced since" in problems[clips["clip_id"][1].as_py()]
    assert "no sound of it here" in problems[clips["clip_id"][0].as_py()]
