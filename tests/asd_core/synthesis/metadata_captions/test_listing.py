import csv
import io
import json

from asd_core.synthesis.metadata_captions.listing import caption_rows, captions_as_csv, captions_as_text
from asd_core.synthesis.metadata_captions.pairs import training_pairs
from asd_core.synthesis.metadata_captions.wanted import wanted
from tests.asd_core.synthesis.metadata_captions.placed import clips_of_names, names

CLIPS = clips_of_names(
    [
        *names("shaker", "source", "speed_1000", 3),
        *names("shaker", "target", "speed_1200", 1),
        *names("fan", "source", "n_A", 2),
        *names("fan", "source", "n_A", 1, split="test", condition="anomaly"),
    ]
)
ROWS = caption_rows(training_pairs(CLIPS, ["fan"], ["shaker"]), wanted(CLIPS, ["shaker"], 4))


def test_captions_are_listed_with_recordings_that_have_them_and_clips_to_make():
    listed = [tuple(row.values()) for row in ROWS]

    at_1000, at_1200 = (f"sound of a shaker with speed {speed}." for speed in (1000, 1200))
    assert listed == [
        ("fan", "normal", "source", 2, 0, "This is the normal sound of a fan, in noise A."),
        ("fan", "anomalous", "source", 1, 0, "This is the anomaly sound of a fan, in noise A."),
        ("shaker", "normal", "source", 3, 3, f"This is the normal {at_1000}"),
        ("shaker", "normal", "target", 1, 1, f"This is the normal {at_1200}"),
        ("shaker", "anomalous", "source", 0, 3, f"This is the anomaly {at_1000}"),
        ("shaker", "anomalous", "target", 0, 1, f"This is the anomaly {at_1200}"),
    ]


def test_every_form_tells_the_same():
    text = captions_as_text(ROWS).splitlines()
    cells = list(csv.DictReader(io.StringIO(captions_as_csv(ROWS))))

    assert text[0].split() == ["machine", "type", "condition", "domain", "recordings", "clips", "caption"]
    assert [line.partition("This")[1:] for line in text[1:]] == [
        ("This", row["caption"].removeprefix("This")) for row in ROWS
    ]
    assert [{name: str(value) for name, value in row.items()} for row in ROWS] == cells
    assert json.loads(json.dumps(ROWS)) == ROWS


def test_a_hostile_machine_type_stays_one_line_and_no_formula():
    rows = [{**ROWS[0], "machine_type": "=cmd()\n\x1b[31m"}]

    assert len(captions_as_text(rows).splitlines()) == 2
    assert "\x1b" not in captions_as_text(rows)
    assert captions_as_csv(rows).splitlines()[1].startswith(("'=", "\"'="))
