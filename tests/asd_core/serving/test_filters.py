"""Choices in addresses, and addresses of odd names."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.serving.filters import SORTS, TIERS, Filters, filters_of, machine_link, night_link

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    st.builds(
        Filters,
        key=TEXTS,
        tier=st.sampled_from(["", *TIERS]),
        type=TEXTS,
        q=TEXTS.map(str.strip),
        drift=st.booleans(),
        sort=st.sampled_from(list(SORTS)),
        page=st.integers(1, 9_999_999),
    )
)
def test_an_address_holds_all_choices(filters):
    query = filters.query(page=filters.page)
    assert filters_of(dict(urllib.parse.parse_qsl(query.removeprefix("?"), keep_blank_values=True))) == filters


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"page": "-1"}, {"page": "9" * 5000}, {"page": "²"}, {"sort": "x"}, {"tier": "x"}, {"drift": "1"}],
    ids=lambda query: next(iter(query.items()))[0] + next(iter(query.values()))[:3],
)
def test_what_is_no_choice_is_passed_over(query):
    assert filters_of(query) == Filters()


def test_another_choice_begins_at_the_first_page():
    assert Filters(page=7, tier="alarm").query(sort="name") == "?tier=alarm&sort=name"
    assert Filters(page=7).query(page=8) == "?page=8"


@given(st.text(), st.text())
def test_no_name_of_a_machine_leads_elsewhere(machine_type, machine_id):
    link = machine_link(machine_type, machine_id)
    _, machines, *parts = link.split("/")
    assert machines == "machines" and len(parts) == 2 and link.isascii()
    # A browser that undoes one layer of quoting must not find a slash, a dot segment, a query or a fragment.
    for part in map(urllib.parse.unquote, parts):
        assert part not in ("", ".", "..") and not set(part) & set("/\\?#\0") and not part.startswith(".")


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), unique=True, max_size=8))
def test_machines_have_addresses_of_their_own(machines):
    assert len({machine_link(*machine) for machine in machines}) == len(machines)


def test_links_are_of_a_fleet_where_it_is_not_the_default():
    assert night_link("2026-11-19") == "/nights/2026-11-19" and night_link("a/b", "k") == "/nights/a%252Fb?key=k"
    assert machine_link("fan", "00", "k-1") == "/machines/fan/00?key=k-1"
