"""The page of generated clips."""

import re
import urllib.parse

import pytest

from asd_core.pages.synthesis.page import MACHINES, PAIRS, write_listening_page
from tests.asd_core.pages.outline import EVIL, Outline
from tests.asd_core.pages.synthesis.reports import report_in


def page_of(report, files, map_function=map):
    return files.read(write_listening_page(report, files, map_function)).decode()


def no_pictures(draw, pairs):
    return [[] for _ in pairs]


def test_each_clip_has_a_player_of_its_own_file_a_picture_its_caption_and_its_seed(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"))
    html = page_of(report, files)
    text = Outline(html).text
    sources = [dict(found)["src"] for tag, found in Outline(html).elements if tag == "audio"]
    for row in report.rows.to_pylist():
        assert row["caption"] in text and f"seed {row['seed']}" in text
    place = tmp_path / "reports/synthesis/plant/abc"
    assert len(sources) == len(report.rows)
    assert {(place / urllib.parse.unquote(source)).resolve() for source in sources} == set(tmp_path.rglob("*.wav"))
    assert len(list(place.glob("media/*.png"))) == len(report.rows) and "random weights (seed 0)" in text


def test_a_machine_shows_a_few_pairs_and_counts_the_others(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"), clips=PAIRS + 3)
    html = page_of(report, files)
    assert html.count("<audio") == 2 * PAIRS and "6 further clips are in the archive" in html


def test_the_page_ends_after_so_many_machines(tmp_path):
    report, files = report_in(tmp_path, *((f"t{n:02d}", "00") for n in range(MACHINES + 2)), clips=1)
    html = page_of(report, files, no_pictures)
    assert html.count('class="machine"') == MACHINES and f"The first {MACHINES} of {MACHINES + 2} machines" in html


def test_refused_clips_stand_below_with_their_reasons(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"), bad=(0,))
    text = Outline(page_of(report, files)).text
    assert "1 clip was refused" in text and "There is no clip beside it." in text
    assert f"{report.rows['path'][0].as_py()} : silent, no sample moves" in text


@pytest.mark.parametrize("evil", EVIL)
def test_captions_and_names_are_text(tmp_path, evil):
    word = evil.replace("\0", "")
    report, files = report_in(tmp_path, (word, "00"), clips=1, notes=(evil,), caption=word)
    html = page_of(report, files)
    scripts = [tag for tag, _ in Outline(html).elements if tag == "script"]
    assert len(scripts) == 1 and "default-src 'none'" in html
    assert all(found["src"].startswith("../") for tag, found in Outline(html).elements if tag == "audio")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[\w-]+", one) for one in ids)


def test_the_same_report_gives_the_same_bytes(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"))
    assert page_of(report, files) == page_of(report, files)


def test_clips_of_one_number_stand_side_by_side(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"), clips=4, bad=(0,))
    names = re.findall(r'src="[^"]+_(normal|anomaly)_(\d+)', page_of(report, files))
    pairs = [("normal", "0000"), *((kind, f"000{n}") for n in (1, 2, 3) for kind in ("normal", "anomaly"))]
    assert names == pairs
