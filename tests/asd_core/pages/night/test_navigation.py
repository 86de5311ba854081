from asd_core.pages.night import write_report
from asd_core.pages.night.navigation import Neighbours, linked
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import Outline


def page_of(make, tmp_path, neighbours):
    night = make.night([make.scored("a", 0.5)], [make.record()], neighbours=neighbours)
    return (tmp_path / write_report(night, LocalFiles(tmp_path), "r", None)).read_bytes()


def links(page):
    return [one["href"] for one in Outline(page.decode()).named("a") if one["href"].startswith("..")]


def test_a_page_leads_to_the_nights_beside_it_and_to_all(make, tmp_path):
    page = page_of(make, tmp_path, Neighbours("2026-11-18", "2026-11-20"))
    wanted = ["../date=2026-11-18/index.html", "../index.html", "../date=2026-11-20/index.html"]
    assert links(page) == wanted


def test_a_page_without_other_nights_leads_to_none_and_one_that_stands_alone_has_no_links(make, tmp_path):
    assert links(page_of(make, tmp_path, Neighbours())) == ["../index.html"]
    assert links(page_of(make, tmp_path, None)) == []


def test_a_page_whose_links_are_replaced_is_the_page_written_with_them(make, tmp_path):
    before, both = Neighbours("2026-11-18"), Neighbours("2026-11-18", "2026-11-20")
    page, wanted = (page_of(make, tmp_path, one) for one in (before, both))
    assert page != wanted and linked(page, both) == wanted and linked(wanted, before) == page


def test_a_page_of_before_has_no_place_for_links(make, tmp_path):
    assert linked(page_of(make, tmp_path, None), Neighbours()) is None


def test_a_date_that_wants_to_act_is_text_and_one_folder(make, tmp_path):
    page = page_of(make, tmp_path, Neighbours('"><script>alert(1)</script>', "<!-- /nights -->/../.."))
    assert b"<script>alert" not in page and linked(page, Neighbours()) == page_of(make, tmp_path, Neighbours())
    assert all(link.count("/") == 2 for link in links(page)[::2])
