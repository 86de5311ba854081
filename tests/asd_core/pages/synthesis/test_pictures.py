"""Spectrograms of generated clips."""

from asd_core.pages.synthesis.pictures import draw_pair
from tests.asd_core.pages.synthesis.reports import report_in


def test_a_pair_gives_two_pictures_and_a_clip_that_is_gone_gives_none(tmp_path):
    report, files = report_in(tmp_path, ("fan", "00"))
    paths = report.rows["path"].to_pylist()[:2]
    images = draw_pair(files.url, report.folder, paths)
    assert [image[:4] for image in images] == [b"\x89PNG"] * 2
    assert draw_pair(files.url, report.folder, [*paths, "gone.wav"]) == []
