from datetime import UTC, datetime

import pgtrigger
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.paging import PAGE_SIZE
from accounts.roles import Permission
from activity.log import record
from activity.models import Activity
from activity.verbs import Verb
from tests.activity.test_exports import read
from tests.refusals import codes


def happened(membership, when="2026-11-23 12:00:00+00:00", verb=Verb.CUSTOMER_ADDED, target="Aoba", **details):
    line = record(verb, target, actor=membership.user, seen_by=[membership.organisation], **details)
    with pgtrigger.ignore("activity.Activity:append_only"):
        Activity.objects.filter(pk=line.pk).update(happened_at=when)
    return line


def lines(client, query=""):
    return [line.target for line in client.get(f"/activity/{query}").context["page"]]


def test_the_log_shows_what_ones_company_saw_newest_first(provider_admin, stranger, sign_in):
    happened(provider_admin, target="first")
    happened(stranger, target="secret")
    happened(provider_admin, target="second")

    response = sign_in(provider_admin).get("/activity/")

    assert [line.target for line in response.context["page"]] == ["second", "first"]
    assert "secret" not in response.content.decode()


def test_a_fragment_is_only_the_table_with_its_export_link(provider_admin, sign_in):
    happened(provider_admin)

    response = sign_in(provider_admin).get("/activity/?q=aoba", headers={"HX-Request": "true"})
    html = response.content.decode()

    assert "<html" not in html
    assert 'id="export" href="/activity/export/?q=aoba" data-hx-swap-oob="true"' in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Čedar & Söhne", "Sakura", "Aoba"]),
        ("?q=sakura", ["Sakura"]),
        ("?q=SÖHNE", ["Čedar & Söhne"]),
        ("?q=kita.example", ["Čedar & Söhne", "Sakura", "Aoba"]),
        ("?q=kita.example sakura", ["Sakura"]),
        ("?q=submitted", ["Sakura"]),
        ("?q=Submitted an order", ["Sakura"]),
        ("?q=%25", []),
        ("?q=nobody", []),
        ("?since=2026-11-02", ["Čedar & Söhne", "Sakura"]),
        ("?until=2026-11-01", ["Aoba"]),
        ("?since=2026-11-02&until=2026-11-02", ["Sakura"]),
        ("?since=2026-11-24", []),
        ("?until=2026-10-30", []),
        ("?since=2999-12-31&until=2999-12-31", []),
    ],
)
def test_lines_are_found_by_words_and_days(provider_admin, sign_in, query, found):
    happened(provider_admin, "2026-11-01 23:59:59+00:00", target="Aoba")
    happened(provider_admin, "2026-11-02 00:00:00+00:00", verb=Verb.ORDER_PLACED, target="Sakura")
    happened(provider_admin, "2026-11-23 12:00:00+00:00", target="Čedar & Söhne")

    assert lines(sign_in(provider_admin), query) == found


def test_days_begin_at_midnight_where_the_reader_is(provider_admin, sign_in):
    provider_admin.user.time_zone = "Asia/Tokyo"
    provider_admin.user.save(update_fields=["time_zone"])
    happened(provider_admin, "2026-11-01 14:59:59+00:00", target="the day before in Tokyo")
    happened(provider_admin, "2026-11-01 15:00:00+00:00", target="midnight in Tokyo")

    assert lines(sign_in(provider_admin), "?since=2026-11-02") == ["midnight in Tokyo"]
    assert lines(sign_in(provider_admin), "?until=2026-11-01") == ["the day before in Tokyo"]


def test_lines_whose_numbers_and_times_disagree_a_little_are_found(provider_admin, sign_in):
    """A long transaction gets its number late: the bound on the numbers has to leave room for that."""
    happened(provider_admin, "2026-11-02 00:30:00+00:00", target="later, written first")
    happened(provider_admin, "2026-11-01 23:50:00+00:00", target="earlier, written last")

    assert lines(sign_in(provider_admin), "?since=2026-11-02") == ["later, written first"]
    assert lines(sign_in(provider_admin), "?until=2026-11-01") == ["earlier, written last"]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("?since=yesterday", {"since": ["invalid"]}),
        ("?since=0001-01-01&until=9999-12-31", {"since": ["min_value"], "until": ["max_value"]}),
        ("?since=2026-11-02&until=2026-11-01", {"until": ["period"]}),
        (f"?q={'x' * 201}", {"q": ["max_length"]}),
        ("?q=%00", {"q": ["null_characters_not_allowed"]}),
    ],
)
def test_what_cannot_be_understood_is_said_and_does_not_filter(provider_admin, sign_in, query, errors):
    happened(provider_admin)

    response = sign_in(provider_admin).get(f"/activity/{query}")

    assert codes(response.context["filters"]) == errors
    if "until" not in errors or "since" in errors:
        assert [line.target for line in response.context["page"]] == ["Aoba"]


def test_details_are_in_words(provider_admin, sign_in):
    happened(provider_admin, old="7", new="9", reason="", lines=[{"offer": "E3", "licences": 5, "mpn_id": ""}])

    html = sign_in(provider_admin).get("/activity/").content.decode()

    assert "<dt>Before</dt><dd>7</dd>" in html
    assert "<dt>After</dt><dd>9</dd>" in html
    assert "<dt>Subscriptions</dt><dd>E3, 5</dd>" in html
    assert "Reason" not in html


def test_a_refusal_shows_its_code(provider_admin, sign_in):
    record(Verb.CREDIT_CHANGED, "E3", actor=None, seen_by=[provider_admin.organisation], refusal="mpn_global")

    html = sign_in(provider_admin).get("/activity/").content.decode()

    assert "<code>mpn_global</code>" in html
    assert 'data-state="refused"' in html


def test_an_empty_log_says_what_it_is_for(provider_admin, sign_in):
    client = sign_in(provider_admin)

    assert "Nothing has happened yet" in client.get("/activity/").content.decode()
    assert "No activity matches" in client.get("/activity/?q=x").content.decode()


def test_the_log_has_pages(provider_admin, sign_in):
    for number in range(PAGE_SIZE + 1):
        happened(provider_admin, target=str(number))
    client = sign_in(provider_admin)

    first = client.get("/activity/").context["page"]
    second = client.get(first.next_url).context["page"]

    assert [len(first), len(second)] == [PAGE_SIZE, 1]
    assert [line.target for line in second] == ["0"]


def test_the_log_takes_as_many_queries_for_three_lines_as_for_one(provider_admin, sign_in):
    client = sign_in(provider_admin)
    counts = []
    for _line in range(3):
        happened(provider_admin, old=1)
        with CaptureQueriesContext(connection) as queries:
            client.get("/activity/")
        counts.append(len(queries))

    assert counts == [counts[0]] * 3
    assert counts[0] <= 12


def test_the_export_holds_what_is_filtered_and_leaves_a_line(provider_admin, stranger, sign_in):
    provider_admin.user.time_zone = "Asia/Tokyo"
    provider_admin.user.save(update_fields=["time_zone"])
    happened(provider_admin, verb=Verb.ORDER_PLACED, target="=Aoba", order="AB-1")
    happened(provider_admin, target="other")
    happened(stranger, verb=Verb.ORDER_PLACED, target="secret")

    rows = read(sign_in(provider_admin).get("/activity/export/?q=submitted"))
    exported = Activity.objects.order_by("pk").last()

    assert rows == [
        ["Date-time", "Affected customer", "Action", "Partner user", "Result", "Details"],
        [
            "2026-11-23 21:00:00 +0900",
            "",
            "Submitted an order",
            "global-admin@kita.example",
            "Done",
            "'=Aoba; Order number: AB-1",
        ],
    ]
    assert (exported.verb, exported.details) == (Verb.EXPORTED, {"path": "/activity/export/?q=submitted"})
    assert Activity.objects.visible_to(provider_admin).order_by("pk").last() == exported


def test_the_export_speaks_the_readers_language(provider_admin, sign_in):
    happened(provider_admin)
    client = sign_in(provider_admin)
    client.cookies["django_language"] = "ja"

    [header, row] = read(client.get("/activity/export/"))

    assert header[0] != "Date-time"
    assert row[0] == "2026-11-23 12:00:00 +0000"


def test_without_a_role_the_log_stays_closed(provider_admin, sign_in):
    provider_admin.roles = []
    provider_admin.save(update_fields=["roles"])
    client = sign_in(provider_admin)

    answers = [client.get("/activity/"), client.get("/activity/export/")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not provider_admin.can(Permission.VIEW)


def test_a_moment_is_shown_where_the_reader_is(provider_admin, sign_in):
    line = happened(provider_admin)

    html = sign_in(provider_admin).get("/activity/").content.decode()

    assert f'datetime="{datetime(2026, 11, 23, 12, tzinfo=UTC).isoformat()}"' in html
    assert str(line.code) in html
