import html
import json

from asd_core.pages.fleet.removed_nights import without_links

NIGHTS = [["2026-11-01", "date=2026-11-01/index.html"], ["2026-11-02", "date=2026-11-02/index.html"], ["undated", ""]]


def page():
    listed = html.escape(json.dumps(NIGHTS)).replace("&quot;", "&#34;")
    links = "".join(
        f'<a href="{link}#fan-0"><bdi>fan</bdi></a><a href="{link}">{date}</a>' for date, link in NIGHTS[:2]
    )
    return f'<table data-nights="{listed}">{links}<a href="https://example.org/">x</a>'.encode()


def test_links_to_removed_nights_become_their_words_and_others_stay():
    changed = without_links(page(), {"2026-11-01"}).decode()
    assert "2026-11-01/index" not in changed and "<bdi>fan</bdi>2026-11-01" in changed
    assert '<a href="date=2026-11-02/index.html">2026-11-02</a>' in changed and 'href="https://example.org/"' in changed
    listed = json.loads(html.unescape(changed.split('"')[1]))
    assert listed == [["2026-11-01", ""], *NIGHTS[1:]]


def test_a_page_without_such_links_stays_as_it_is_to_the_byte():
    assert without_links(page(), {"2026-10-01"}) == page() == without_links(page(), ())
