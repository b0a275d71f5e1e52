"""Odd input on every address: an answer that says so, never a 500, never an error of the database.

Every address comes from tests/addresses.py, every field from the pages themselves: a new one is tried without being
named here. What a visit changed is undone, so that each finds the same stage.
"""

import base64
import json
import re
from itertools import cycle
from urllib.parse import quote_from_bytes

import pytest
from django import forms
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from subscriptions.models import Offer, OrderDraft
from tests.addresses import OUR_VIEWS, PATTERNS
from tests.attack_tools import WRITTEN_BY_READING
from tests.factories import UserFactory
from tests.subscriptions.order_answers import account, line

URLENCODED = "application/x-www-form-urlencoded"
ODD = {
    "nul": b"a\0b",
    "surrogate": b"\xed\xa0\x80",
    "float": b"1e400",
    "huge": b"1" + b"0" * 30,
    "negative": b"-1",
    "bigint": b"9223372036854775808",
    "long": "長".encode() * 1300,
    "markup": b"'\"><b>%s{{7*7}}\\",
    "day": b"0000-13-45",
    "year": b"9999-12-31T23:59:59+99:99",
}
ONE_BY_ONE = ("nul", "surrogate", "float", "huge")
REPEATED = (("", b"1"), ("", b"\0"), ("", b"x"), ("[]", b"1"))
ANSWERS = {200, 302, 400, 403, 404, 405}
SIDES = ("after", "before")
UNFINISHED = ("resellers:enrol", "customers:edit")
OPEN = ("account_login", "account_signup", "set_language", "overview", "health")
CURSORS = [
    *(None, [], {}, "a", [None], [[]], ["\0"], ["\ud800"], [1e308, 1], [10**30], [-1], ["a", "b"], [True, True]),
    *([{"a": 1}, 1], ["9999-12-31T23:59:59Z", 10**20], ["0000-00-00", "x"], ["1e400", 1], ["NaN", 1]),
    *(["a", "b", "c"], [["a"], ["b"]], ["", ""], ["x", None]),
]
TRIED = [name for name in OUR_VIEWS if name != "styleguide"]
LISTS = [name for name in TRIED if name.rpartition(":")[2] in ("list", "requests", "providers")]
LISTS += [
    f"subscriptions:{name}" for name in ("customer", "price_list", "own_prices", "markups", "renewals", "history")
]
LISTS += ["subscriptions:bulk_list", "subscriptions:bulk_detail", "statements:detail"]
LISTS += ["incentives:uncredited", "incentives:detail"]
OF_A_RESELLER = ("resellers:providers", "subscriptions:own_prices")
EXPORTS = [name for name in TRIED if name.endswith("export")]
ACCOUNT_PAGES = sorted(PATTERNS.keys() - OUR_VIEWS.keys())
# PostgreSQL refuses a time zone as far as that: accounts/paging.py does not yet.
TOO_FAR = ["9999-12-31T23:59:59+23:59", 1]
BODIES = {
    "no boundary": ("multipart/form-data", b"x"),
    "empty boundary": ("multipart/form-data; boundary=", b"x"),
    "garbage": ("multipart/form-data; boundary=x", b"\0\xff garbage"),
    "cut off": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\nabc'),
    "a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="licences"; filename="\0.exe"\r\n\r\nabc\r\n--x--\r\n',
    ),
    "json": ("application/json", b'{"name": ["\\ud800"]}'),
    "plain": ("text/plain", b"name=x"),
    "utf-16": (f"{URLENCODED}; charset=utf-16", b"name=x"),
    "no charset": (f"{URLENCODED}; charset=nonsense", b"name=x"),
    "many fields": (URLENCODED, b"a=1&" * 1100),
    "no type": ("", b"\0"),
}


class Visit:
    """A visitor's requests; each is undone, and each is watched for what it writes."""

    def __init__(self, membership):
        self.client = Client()
        if membership:
            self.client.force_login(membership.user)
        self.written: set[str] = set()

    def get(self, address, query=b"", **headers):
        response = self._undone(lambda: self.client.get(f"{address}?{query}" if query else address, headers=headers))
        assert self.written <= WRITTEN_BY_READING, f"GET {address} wrote to {self.written - WRITTEN_BY_READING}"
        return response

    def post(self, address, body, content_type=URLENCODED):
        return self._undone(lambda: self.client.generic("POST", address, body, content_type))

    def _undone(self, act):
        self.written = set()
        with transaction.atomic(), connection.execute_wrapper(self._watch):
            response = act()
            b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        assert response.status_code < 500
        return response

    def _watch(self, execute, sql, params, many, context):
        if found := re.match(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', sql):
            self.written.add(found[1])
        return execute(sql, params, many, context)


def our_fields(kind=forms.BaseForm) -> set[str]:
    """The name of every field of every form of the portal."""
    names = set()
    for form in kind.__subclasses__():
        names |= our_fields(form)
        if not form.__module__.startswith(("django", "allauth")):
            names |= set(getattr(form, "base_fields", ()))
    return names


FIELDS = our_fields() | {"sort", "after", "of", "open", "next", "page", "closed"}
FIELDS |= {"offer", "action", "code", "reviewed", "verify", "csrfmiddlewaretoken"}


def encoded(pairs) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)


def cursor(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def as_typed(form) -> dict[str, bytes]:
    """What a browser would send for the form as the page shows it."""
    values = {form[name].html_name: form[name].value() for name in form.fields}
    return {name: b"" if value in (None, False) else str(value).encode() for name, value in values.items()}


@pytest.fixture
def stage(addresses, relationship):
    """The addresses, with a draft that is far enough for every step."""
    OrderDraft.objects.update(account=account(relationship.reseller), lines=[line(Offer.objects.get())])
    return {name: reverse(name, args=addresses.get(name, [])) for name in TRIED}


@pytest.fixture
def visit(provider_admin):
    return Visit(provider_admin)


@pytest.mark.parametrize("name", TRIED)
def test_odd_requests_are_answered_and_reading_writes_nothing(name, stage, visit):
    address, fields = stage[name], sorted(FIELDS)
    for value in ODD.values() if name in LISTS + EXPORTS else [ODD["nul"]]:
        visit.get(address, encoded((each, value) for each in fields), HX_Request="true")
    visit.get(address, encoded((each, value) for each in fields for value in (b"1", b"\0", b"\xff")))
    visit.get(address, "q[]=1&q[a]=b&=&&%00=%00&sort&after&q=%")

    visit.post(address, encoded((f"{each}{end}", value) for each in fields for end, value in REPEATED))
    visit.post(address, encoded((each, b"x" * (1_000_000 if each == "name" else 9_000)) for each in fields))
    for body in ("no boundary", "a file"):
        assert visit.post(address, BODIES[body][1], BODIES[body][0]).status_code in ANSWERS


@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_that_makes_no_sense_is_the_first_page(name, stage, visit, reseller_admin):
    visitor = Visit(reseller_admin) if name in OF_A_RESELLER else visit
    texts = [*map(cursor, CURSORS), "%00", "é", "====", "a" * 4000, "W10", "%ff"]

    answers = [visitor.get(stage[name], f"{side}={text}", HX_Request="true") for text, side in zip(texts, cycle(SIDES))]

    assert {answer.status_code for answer in answers} == {200}


def test_a_cursor_with_an_impossible_time_zone_is_the_first_page(stage, visit):
    assert visit.get(stage["orders:list"], f"after={cursor(TOO_FAR)}").status_code == 200


@pytest.mark.parametrize("name", ["accounts:profile", "orders:new", "resellers:request"])
def test_odd_bodies_are_answered(name, stage, visit):
    assert {visit.post(stage[name], body, kind).status_code for kind, body in BODIES.values()} <= ANSWERS


@pytest.mark.parametrize("body", BODIES)
def test_odd_bodies_are_answered_before_signing_in(body, db):
    client = Client(enforce_csrf_checks=True)

    statuses = {client.generic("POST", reverse(name), BODIES[body][1], BODIES[body][0]).status_code for name in OPEN}

    assert statuses <= ANSWERS


@pytest.mark.parametrize("name", ["accounts:profile", "resellers:enrol", "customers:edit", "subscriptions:detail"])
def test_an_odd_value_is_refused_beside_its_field(name, stage, visit):
    form = visit.get(stage[name]).context["form"]
    typed = as_typed(form)
    usual = set(visit.post(stage[name], encoded(typed.items())).context["form"].errors if name in UNFINISHED else ())

    for field in typed:
        answers = [visit.post(stage[name], encoded((typed | {field: ODD[each]}).items())) for each in ONE_BY_ONE]
        without = visit.post(stage[name], encoded((each, typed[each]) for each in typed if each != field))
        assert {answer.status_code for answer in [*answers, without]} <= {200, 302}
        if not isinstance(form.fields[field], forms.BooleanField):
            assert set(answers[0].context["form"].errors) - usual <= {field}
            assert field in answers[0].context["form"].errors


@pytest.mark.parametrize("name", ["orders:account", "resellers:request", "resellers:request_send"])
def test_every_field_of_a_draft_takes_odd_values(name, stage, visit):
    typed = as_typed(visit.get(stage[name.removesuffix("_send")]).context["form"])

    for field in typed:
        answers = [visit.post(stage[name], encoded((typed | {field: ODD[each]}).items())) for each in ONE_BY_ONE]
        assert {answer.status_code for answer in answers} <= {200, 302}


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_the_pages_around_signing_in_take_odd_input(name, db):
    for value in ODD.values():
        pairs = encoded((field, value) for field in ("login", "email", "password", "password1", "name", "code", "next"))
        Visit(None).get(reverse(name), pairs)
        Visit(None).post(reverse(name), pairs)


@pytest.mark.parametrize(
    "language", ["\0", "x" * 5000, "ja;q=1e400,*;q=-1", ";;;,,,", "\xe6\x97\xa5", "ja-\x80", "zz-ZZ-x"]
)
def test_odd_headers_and_cookies_are_answered(language, visit):
    for cookie in ("sessionid", "django_language", "csrftoken", "messages"):
        visit.client.cookies[cookie] = language.replace("\0", "\\000")
        assert visit.get("/", Accept_Language=language, HX_Request="true").status_code in {200, 302}


@pytest.mark.parametrize("path", ["%00", "%ed%a0%80", "%ff", "1e400", "-1", "9" * 40, "x" * 4000, "%2e%2e/%2e%2e/etc"])
def test_odd_paths_are_not_found(path, visit):
    for room in ("customers", "orders", "subscriptions", "resellers", "resellers/requests", "orders/drafts"):
        assert visit.get(f"/{room}/{path}/").status_code == 404


def test_odd_input_at_the_operators_desk_is_answered(db):
    visit = Visit(None)
    visit.client.force_login(UserFactory(is_staff=True, is_superuser=True))
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        visit.post(f"{address}add/", b"x=1")  # without the management data of its formsets
        for value in (ODD["nul"], ODD["huge"]):
            visit.get(address, encoded([("q", value)]))
            visit.get(address, encoded((name, value) for name in ("p", "o", "id__exact", "state")))
            visit.get(f"{address}{quote_from_bytes(value)}/change/")
