import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import Organisation
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from tests.factories import OrganisationFactory

SORTINGS = {
    "name": Sorting(("name", "id")),
    "newest": Sorting(("created_at", "id"), descending=True),
    "country": Sorting(("country", "name", "id")),
}


def request_for(url="/list/"):
    return RequestFactory().get(url)


def page_at(url, sorting, size):
    return paginate(Organisation.objects.all(), request_for(url), sorting, size=size)


def walk(sorting, size, *, link, url="/list/"):
    """The rows of every page from here on, and the address of the last."""
    pages = []
    for _page in range(40):
        page = page_at(url, sorting, size)
        pages.append([row.pk for row in page])
        if not getattr(page, link):
            return pages, url
        url = getattr(page, link)
    raise AssertionError("the pages never end")


# Few names, so that many rows are equal and only the last field tells them apart.
COMPANIES = st.lists(
    st.tuples(st.sampled_from(["Ａ", "a", "B", "さくら", ""]), st.sampled_from(["JP", "DE"])), max_size=12
)


@pytest.mark.django_db
@given(companies=COMPANIES, name=st.sampled_from(sorted(SORTINGS)), reverse=st.booleans(), size=st.integers(1, 5))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_walking_there_and_back_visits_every_row_once_in_order(companies, name, reverse, size):
    Organisation.objects.all().delete()
    for company, country in companies:
        OrganisationFactory(name=company, country=country)
    _name, sorting = sorting_from(request_for(f"/list/?sort={'-' if reverse else ''}{name}"), SORTINGS)
    in_order = list(Organisation.objects.order_by(*sorting.order_by()).values_list("pk", flat=True))

    there, last = walk(sorting, size, link="next_url")
    back, first = walk(sorting, size, link="previous_url", url=last)

    assert [row for page in there for row in page] == in_order
    assert [len(page) for page in there[:-1]] == [size] * (len(there) - 1)
    assert [row for page in reversed(back) for row in page] == in_order
    assert page_at(first, sorting, size).previous_url == ""


@pytest.fixture
def five(db):
    return [OrganisationFactory(name=name) for name in "ABCDE"]


def test_the_first_page_has_no_way_back(five):
    page = page_at("/list/?q=x", SORTINGS["name"], 2)

    assert [row.name for row in page] == ["A", "B"]
    assert (page.previous_url, page.from_start_url, len(page)) == ("", "", 2)
    assert parse_qs(urlsplit(page.next_url).query)["q"] == ["x"]


def test_a_page_in_the_middle_leads_both_ways_and_to_the_start(five):
    page = page_at(page_at("/list/?q=x", SORTINGS["name"], 2).next_url, SORTINGS["name"], 2)

    assert [row.name for row in page] == ["C", "D"]
    assert page.previous_url
    assert page.next_url
    assert page.from_start_url == "/list/?q=x"


def test_a_row_that_comes_meanwhile_moves_no_other(five):
    first = page_at("/list/", SORTINGS["name"], 2)
    OrganisationFactory(name="AA")

    assert [row.name for row in page_at(first.next_url, SORTINGS["name"], 2)] == ["C", "D"]


def cursor(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "....",
        "%00",
        "é",
        cursor(),
        cursor("A"),
        cursor("A", "not-a-uuid"),
        cursor({"a": 1}, []),
        cursor("A", "1" * 400),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_makes_no_sense_means_the_first_page(five, name, garbage):
    page = page_at(f"/list/?{name}={garbage}", SORTINGS["name"], 2)

    assert [row.name for row in page] == ["A", "B"]
    assert page.previous_url == ""


def test_a_cursor_of_another_sorting_means_the_first_page(five):
    page = page_at(f"/list/?after={cursor('A', str(five[0].pk))}", SORTINGS["newest"], 2)

    assert [row.name for row in page] == ["E", "D"]


def test_a_cursor_with_a_nul_character_means_the_first_page(five):
    broken = cursor("A\0", str(five[0].pk))

    page = page_at(f"/list/?after={broken}", SORTINGS["name"], 2)

    assert [row.name for row in page] == ["A", "B"]


@pytest.mark.parametrize(
    ("sort", "wanted", "descending"),
    [
        ("", "name", False),
        ("name", "name", False),
        ("-name", "-name", True),
        ("newest", "newest", True),
        ("-newest", "-newest", False),
        ("password", "name", False),
        ("--name", "name", False),
    ],
)
def test_sorting_is_one_that_the_list_offers(sort, wanted, descending):
    name, sorting = sorting_from(request_for(f"/list/?sort={sort}"), SORTINGS)

    assert (name, sorting.descending) == (wanted, descending)


def test_sort_links_turn_the_current_one_around_and_forget_the_page():
    links = sort_links(request_for("/list/?q=x&sort=name&after=abc"), SORTINGS)

    assert {name: (link.url, link.direction) for name, link in links.items()} == {
        "name": ("/list/?q=x&sort=-name", "ascending"),
        "newest": ("/list/?q=x&sort=newest", ""),
        "country": ("/list/?q=x&sort=country", ""),
    }
    assert sort_links(request_for("/list/?sort=-newest"), SORTINGS)["newest"].direction == "ascending"
    assert sort_links(request_for("/list/?sort=-newest"), SORTINGS)["newest"].url == "/list/?sort=newest"


def test_a_page_takes_one_query(five, django_assert_num_queries):
    with django_assert_num_queries(1):
        page_at("/list/", SORTINGS["name"], 2)


def test_a_page_by_its_keys_is_the_same_page_in_two_queries(five, django_assert_num_queries):
    first = page_at("/list/", SORTINGS["name"], 2)
    second = page_at(first.next_url, SORTINGS["name"], 2)

    with django_assert_num_queries(4):
        by_keys = [
            paginate(Organisation.objects.all(), request_for(url), SORTINGS["name"], size=2, keys_first=True)
            for url in ("/list/", first.next_url)
        ]

    assert by_keys == [first, second]
