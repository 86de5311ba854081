from asd_core.pages.night.navigation import Neighbours
from asd_core.runs.pruning.links import take_links_off
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.pruned import dead_links
from tests.many_nights.year_files import page

DATES = [f"2026-11-{number:02d}" for number in range(1, 7)]
FLEET = "reports/k/index.html"


def bucket():
    beside = [Neighbours(*pair) for pair in zip([None, *DATES], [*DATES[1:], None], strict=False)]
    files = {f"reports/k/date={date}/index.html": page(links) for date, links in zip(DATES, beside, strict=False)}
    files |= {f"reports/k/date={date}/media/{name}": b"" for date in DATES for name in ("a.png", "a.flac", "b.flac")}
    links = "".join(f'<a href="date={date}/index.html">{date}</a>' for date in DATES)
    return Bucket(files | {FLEET: links.encode()})


def removed(*dates):
    found = bucket()
    folders = {f"reports/k/date={date}" for date in dates}
    pages = [f"reports/k/date={date}" for date in DATES]
    take_links_off(Store(found), pages, folders)
    for path in [path for path in found.files if path.rpartition("/index")[0].partition("/media")[0] in folders]:
        found.delete(path)
    return found


def test_no_page_that_stays_has_a_link_to_one_that_goes():
    assert dead_links(bucket()) == [] and dead_links(removed(*DATES[:2])) == []
    found = removed(DATES[0], DATES[2], DATES[3])
    assert dead_links(found) == []
    assert f"date={DATES[4]}/index.html" in found.files[f"reports/k/date={DATES[1]}/index.html"].decode()


def test_pages_without_a_neighbour_that_goes_are_not_opened():
    found = removed(DATES[0])
    assert found.requests["read", "reports"] == 3 and found.requests["write", "reports"] == 3


def test_a_page_that_vanished_meanwhile_stops_nothing():
    found = bucket()
    for path in (FLEET, f"reports/k/date={DATES[1]}/index.html"):
        found.delete(path)
    take_links_off(Store(found), [f"reports/k/date={date}" for date in DATES], [f"reports/k/date={DATES[0]}"])
    assert FLEET not in found.files
