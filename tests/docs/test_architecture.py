"""docs/architecture.md shows the tree that there is."""

import re

from tests.docs.blocks import ROOT, blocks_of

TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
(TREE,) = [block.text for block in blocks_of("architecture.md", TEXT) if block.text.startswith("asd_core/")]


def test_the_tree_names_every_folder_of_the_method_and_no_other():
    shown = set(re.findall(r"^  (\w+)/ ", TREE, re.MULTILINE))
    assert shown == {path.parent.name for path in ROOT.glob("asd_core/*/*.py")}


def test_every_path_of_the_pages_is_there():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    named = {
        (page.name, path)
        for page in pages
        for path in re.findall(r"`((?:asd_core|cluster|jobs|infra|tests)/[\w/.-]*)`", page.read_text("utf-8"))
    }
    assert len(named) > 10
    assert not [one for one in named if not (ROOT / one[1]).exists()]
