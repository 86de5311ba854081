"""docs/audioldm.md shows the captions that there are."""

from asd_core.clips.dcase import place
from asd_core.synthesis.audioldm.shapes import SHAPES
from asd_core.synthesis.metadata_captions.caption import LONGEST_CAPTION, caption_of_clip
from tests.asd_core.synthesis.metadata_captions.real_names import PAPER
from tests.docs.write_captions import PAGE, page, tables

TEXT = PAGE.read_text("utf-8")


def test_the_tables_are_those_of_the_templates():
    assert tables() in TEXT and page() == TEXT, "run python -m tests.docs.write_captions"


def test_the_papers_examples_stand_there_as_they_are_made():
    for path, caption in PAPER.items():
        placed = place(path)
        assert caption_of_clip(placed.machine_type, placed.attributes, placed.condition) == caption
        assert f"{placed.machine_type} " in TEXT and path.rpartition("/")[2] in TEXT
        assert caption in " ".join(TEXT.split())


def test_the_sizes_are_those_that_can_be_loaded():
    for size, shape in SHAPES.items():
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{size}` |")]
        assert f"`{shape.repository}`" in row or (not shape.repository and "random weights only" in row)
        assert f"| {shape.unet['block_out_channels'][0]} |" in row


def test_lengths_are_as_the_page_says():
    assert f"a caption at most {LONGEST_CAPTION}" in " ".join(TEXT.split())
