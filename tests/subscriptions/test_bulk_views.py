import csv
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from activity.models import Activity
from activity.verbs import Verb
from subscriptions import bulk
from subscriptions.bulk import What, Wish, prepare
from subscriptions.bulk import csv as bulk_csv
from subscriptions.bulk.rows import carry_on, step
from subscriptions.forms import bulk as forms
from subscriptions.models import BulkChange, Subscription
from tests.factories import BulkChangeFactory, SubscriptionFactory, member
from tests.refusals import codes_on
from tests.subscriptions.bulk_changes import checked, finished, started, subscriptions_of, wishes

pytestmark = pytest.mark.django_db
NEW, UPLOAD, LIST = (f"subscriptions:bulk_{name}" for name in ("new", "upload", "list"))


@pytest.fixture
def plans(relationship):
    return subscriptions_of(relationship, 3)


def ticked(what, subscriptions) -> str:
    codes = "".join(f"&subscription={each.code}" for each in subscriptions)
    return f"{reverse(NEW)}?what={what}{codes}"


def file_of(text: str | bytes) -> dict:
    return {"file": SimpleUploadedFile("changes.csv", text.encode() if isinstance(text, str) else text)}


def act(change, verb) -> str:
    return reverse(f"subscriptions:bulk_{verb}", args=[change.code])


def lines_of(response) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("what", "typed", "wanted"),
    [
        (What.CREDIT, "0012345", "0012345"),
        (What.CREDIT, "", "none"),
        (What.SUPPORT, "Sakura", "reseller"),
        (What.SUPPORT, "", "none"),
        (What.AUTO_RENEW, "off", "off"),
        (What.LICENCES, "12", "12"),
    ],
)
def test_ticked_subscriptions_are_checked_for_one_value(client, plans, sales_agent, reseller, what, typed, wanted):
    client.force_login(sales_agent.user)
    page = client.get(ticked(what, plans[:2]))

    answer = client.post(ticked(what, plans[:2]), {"value": typed})

    assert (page.status_code, [tab["current"] for tab in page.context["tabs"]]) == (
        200,
        [each == what for each in What],
    )
    change = BulkChange.objects.get()
    assert (answer.status_code, answer.url) == (302, change.get_absolute_url())
    value = str(reseller.pk) if wanted == "reseller" else wanted
    assert (change.what, change.state, change.membership) == (what, "checking", sales_agent)
    rows = change.all_rows.order_by("number").values_list("subscription", "wanted")
    assert list(rows) == [(plans[1].pk, value), (plans[0].pk, value)]


@pytest.mark.parametrize(
    ("what", "typed", "codes"),
    [
        (What.CREDIT, "Nobody knows", ["partner_unknown"]),
        (What.SUPPORT, "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", ["invalid_choice"]),
        (What.AUTO_RENEW, "", ["required"]),
        (What.AUTO_RENEW, "perhaps", ["invalid_choice"]),
        (What.LICENCES, "0", ["min_value"]),
        (What.LICENCES, "x", ["invalid"]),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_beside_its_field(client, plans, sales_agent, what, typed, codes):
    client.force_login(sales_agent.user)

    page = client.post(ticked(what, plans), {"value": typed})

    assert (page.status_code, codes_on(page)) == (200, {"value": codes})
    assert BulkChange.objects.count() == 0


def test_all_that_match_are_those_of_the_filter_that_have_not_ended(client, plans, sales_agent, strange_subscription):
    SubscriptionFactory(relationship=plans[0].relationship, status="cancelled", nickname="Plan 9")
    SubscriptionFactory(relationship=plans[0].relationship, nickname="Other")
    client.force_login(sales_agent.user)
    address = f"{reverse(NEW)}?all=on&what=auto_renew&q=plan"

    page = client.get(address)
    client.post(address, {"value": "off"})

    assert len(page.context["selection"].ids) == 3
    assert set(BulkChange.objects.get().all_rows.values_list("subscription", flat=True)) == {plan.pk for plan in plans}


def test_too_many_and_none_are_said_before_anything_is_typed(client, plans, sales_agent, monkeypatch):
    for module in (bulk, forms):
        monkeypatch.setattr(module, "MOST_ROWS", 2)
    monkeypatch.setattr("subscriptions.views.bulk.MOST_ROWS", 2)
    client.force_login(sales_agent.user)
    everything = f"{reverse(NEW)}?all=on&what=auto_renew"

    assert "More than 2 subscriptions match." in client.get(everything).text
    assert codes_on(client.post(everything, {"value": "on"})) == {"__all__": ["bulk_too_many"]}
    assert "No subscriptions selected" in client.get(reverse(NEW)).text
    assert codes_on(client.post(f"{reverse(NEW)}?what=auto_renew", {"value": "on"})) == {"__all__": ["bulk_empty"]}
    assert BulkChange.objects.count() == 0


def test_a_strangers_subscription_is_not_selected(client, plans, sales_agent, strange_subscription):
    client.force_login(sales_agent.user)

    client.post(ticked(What.LICENCES, [plans[0], strange_subscription]), {"value": "12"})

    assert list(BulkChange.objects.get().all_rows.values_list("typed", flat=True)) == [str(plans[0].code)]


def test_a_file_says_what_each_is_to_have(client, plans, sales_agent, strange_subscription):
    client.force_login(sales_agent.user)
    address = f"{reverse(UPLOAD)}?what=licences"
    text = f"Subscription ID,Licenses\n{plans[0].code},11\n{plans[1].code},13\n{strange_subscription.code},5\n"

    page = client.get(address)
    answer = client.post(address, file_of(text))

    change = BulkChange.objects.get()
    assert (page.status_code, answer.url) == (200, change.get_absolute_url())
    rows = change.all_rows.order_by("number").values_list("number", "subscription", "wanted")
    assert list(rows) == [(2, plans[0].pk, "11"), (3, plans[1].pk, "13"), (4, None, "5")]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"\x89PNG\x00", ["file_encoding"]),
        (b"", ["empty"]),
        (b"Name,Licenses\nx,1", ["file_columns"]),
        (b"Subscription ID,Licenses\n", ["file_empty"]),
        (b"Subscription ID,Licenses\n" + b"x,1\n" * 10_001, ["bulk_too_many"]),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_beside_its_field(client, sales_agent, content, codes):
    client.force_login(sales_agent.user)

    page = client.post(f"{reverse(UPLOAD)}?what=licences", file_of(content))

    assert (page.status_code, codes_on(page)) == (200, {"file": codes})
    assert BulkChange.objects.count() == 0


def test_no_file_and_too_large_a_file_are_refused(client, sales_agent, monkeypatch):
    client.force_login(sales_agent.user)
    monkeypatch.setattr(forms, "MOST_BYTES", 10)

    assert codes_on(client.post(reverse(UPLOAD))) == {"file": ["required"]}
    assert codes_on(client.post(reverse(UPLOAD), file_of("x" * 11))) == {"file": ["file_too_large"]}


def test_a_helpdesk_agent_is_offered_what_its_role_allows(client, helpdesk, plans):
    client.force_login(helpdesk.user)

    page = client.get(ticked("", plans))

    assert [str(tab["label"]) for tab in page.context["tabs"]] == [
        "Designated support contact",
        "Auto-renew",
        "Licenses",
    ]
    assert client.get(ticked(What.CREDIT, plans)).status_code == 403
    assert client.post(ticked(What.CREDIT, plans), {"value": ""}).status_code == 403
    assert client.post(f"{reverse(UPLOAD)}?what=credit", file_of("x")).status_code == 403
    assert BulkChange.objects.count() == 0


def test_the_preview_says_what_would_come_of_each(client, plans, sales_agent):
    change = checked(What.LICENCES, [*wishes(plans[:1], "12"), Wish(2, "nothing", "1")], sales_agent)
    client.force_login(sales_agent.user)

    page = client.get(change.get_absolute_url())

    shown = [(str(row.result), row.wanted, row.reasons, row.money is not None) for row in page.context["rows"]]
    assert shown == [
        ("To be changed", "12", [], True),
        ("To be refused", "1", ["You have no subscription with the ID “nothing”."], False),
    ]
    assert [(count.label, count.number) for count in page.context["table"].counts] == [
        ("To be changed", 1),
        ("Stays as it is", 0),
        ("To be refused", 1),
    ]
    assert [total.amount for total in page.context["table"].totals] == [change.all_rows.get(number=1).cost]
    assert "Nothing has been changed yet." in page.text


def test_reasons_are_in_the_language_of_the_reader(client, plans, sales_agent, provider_admin):
    change = checked(What.LICENCES, [Wish(1, "nothing", "1")], sales_agent)
    client.force_login(provider_admin.user)
    said = [client.get(change.get_absolute_url()).context["rows"][0].reasons]
    provider_admin.user.language = "ja"
    provider_admin.user.save()

    page = client.get(change.get_absolute_url(), headers={"accept-language": "ja"})

    assert said == [["You have no subscription with the ID “nothing”."]]
    assert page.context["rows"][0].reasons == change.all_rows.get(number=1).details["ja"]


def test_a_filter_leaves_those_with_one_result(client, plans, sales_agent):
    change = finished(What.LICENCES, [*wishes(plans, "12"), Wish(4, "nothing", "1")], sales_agent)
    client.force_login(sales_agent.user)

    def numbers(result):
        page = client.get(change.get_absolute_url(), {"result": result}, headers={"HX-Request": "true"})
        return [row.row.number for row in page.context["rows"]]

    assert [numbers(result) for result in ("done", "refused", "unchanged", "nonsense", "waiting")] == [
        [1, 2, 3],
        [4],
        [],
        [1, 2, 3, 4],
        [1, 2, 3, 4],
    ]


def test_rows_that_were_not_reached_yet_wait(client, plans, sales_agent):
    change = started(What.LICENCES, wishes(plans, "12"), sales_agent)
    step(change.pk)
    client.force_login(sales_agent.user)

    page = client.get(change.get_absolute_url())

    assert [str(row.result) for row in page.context["rows"]] == ["Changed", "Waiting", "Waiting"]
    assert [row.money is not None for row in page.context["rows"]] == [True, False, False]


def test_progress_is_asked_for_until_it_is_over(client, plans, sales_agent):
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)
    client.force_login(sales_agent.user)
    asking = {"HX-Request": "true", "HX-Target": "progress"}

    working = client.get(change.get_absolute_url(), headers=asking)
    carry_on(change.pk)
    over = client.get(change.get_absolute_url(), headers=asking)

    assert ("every 2s" in working.text, f'href="{change.get_absolute_url()}"' in working.text) == (True, True)
    assert (over.headers.get("HX-Refresh"), over.text) == ("true", "")
    assert "every 2s" not in client.get(change.get_absolute_url()).text


def test_start_starts_and_cancel_cancels(client, plans, sales_agent):
    change = checked(What.LICENCES, wishes(plans, "12"), sales_agent)
    other = checked(What.LICENCES, wishes(plans, "13"), sales_agent)
    client.force_login(sales_agent.user)

    started_ = [client.post(act(change, "start"), follow=True) for _click in range(2)]
    canceled = client.post(act(other, "cancel"), follow=True)
    carry_on(change.pk)

    said = [[str(message) for message in page.context["messages"]] for page in (*started_, canceled)]
    assert said == [
        ["The bulk change has started. You are told when it is finished."],
        ["The bulk change has started. You are told when it is finished."],
        ["The bulk change is canceled. Nothing was changed."],
    ]
    assert set(Subscription.objects.values_list("licences", "revision")) == {(12, 2)}
    late = [client.post(act(other, "start"), follow=True), client.post(act(change, "cancel"), follow=True)]
    assert [[str(message) for message in page.context["messages"]] for page in late] == [
        ["This bulk change was canceled."],
        ["This bulk change was started and cannot be canceled."],
    ]


def test_the_under_privileged_look_and_change_nothing(client, plans, sales_agent, billing_admin):
    change = checked(What.LICENCES, wishes(plans, "12"), sales_agent)
    client.force_login(billing_admin.user)

    page = client.get(change.get_absolute_url())

    assert (page.status_code, 'formaction="' in page.text) == (200, False)
    posts = [client.post(act(change, verb)).status_code for verb in ("start", "cancel")]
    assert [*posts, client.get(reverse(NEW)).status_code, client.get(reverse(UPLOAD)).status_code] == [403] * 4
    assert BulkChange.objects.get().state == "checked"


def test_who_may_not_see_prices_sees_no_cost(client, plans, helpdesk):
    change = finished(What.LICENCES, wishes(plans, "12"), helpdesk)
    client.force_login(helpdesk.user)

    page = client.get(change.get_absolute_url())
    header, *lines = lines_of(client.get(act(change, "export")))

    assert ("Cost" in page.text, page.context["table"].totals) == (False, [])
    assert (header[-1], {len(line) for line in lines}) == ("Reason", {7})


@pytest.mark.parametrize("visitor", ["stranger", "reseller_admin", "customer_admin"])
def test_to_a_stranger_it_does_not_exist(client, plans, sales_agent, visitor, request):
    change = checked(What.LICENCES, wishes(plans, "12"), sales_agent)
    client.force_login(request.getfixturevalue(visitor).user)

    gets = [client.get(act(change, verb)).status_code for verb in ("detail", "export")]
    posts = [client.post(act(change, verb)).status_code for verb in ("start", "cancel")]

    assert gets + posts == [404] * 4
    assert BulkChange.objects.get().state == "checked"


def test_the_result_is_a_file(client, plans, sales_agent):
    change = finished(What.LICENCES, [*wishes(plans[:1], "12"), Wish(2, "=cmd", "1")], sales_agent)
    client.force_login(sales_agent.user)

    answer = client.get(act(change, "export"))

    cost = change.all_rows.get(number=1).cost
    columns = "Line,Subscription ID,Subscription,Company name,New value,Result,Reason,Cost,Currency"
    assert lines_of(answer) == [
        columns.split(","),
        ["1", str(plans[0].code), "Plan 1", "Aoba", "12", "Changed", "", f"{cost:.0f}", "JPY"],
        ["2", "'=cmd", "", "", "1", "Refused", "You have no subscription with the ID “=cmd”.", "", ""],
    ]
    assert Activity.objects.filter(verb=Verb.EXPORTED).count() == 1


def test_a_long_result_is_a_long_file(client, sales_agent):
    wanted = [Wish(number, f"x{number}", "1") for number in range(1, 1003)]
    change = prepare(What.AUTO_RENEW, wanted, membership=sales_agent)
    client.force_login(sales_agent.user)

    lines = lines_of(client.get(act(change, "export")))

    assert [line[0] for line in lines] == ["Line", *(str(number) for number in range(1, 1003))]


@pytest.mark.parametrize(
    ("what", "wanted", "words"),
    [
        (What.CREDIT, "12345", "Sakura (ID: 0012345)"),
        (What.CREDIT, "none", "No indirect reseller"),
        (What.CREDIT, "777", "777"),
        (What.SUPPORT, "reseller", "Sakura"),
        (What.SUPPORT, "provider", "Kita"),
        (What.SUPPORT, "none", "Kita"),
        (What.SUPPORT, "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"),
        (What.AUTO_RENEW, "0", "Off"),
        (What.AUTO_RENEW, "on", "On"),
        (What.AUTO_RENEW, "perhaps", "perhaps"),
        (What.LICENCES, "12", "12"),
    ],
)
def test_new_values_are_said_in_words(client, plans, sales_agent, reseller, provider, what, wanted, words):
    wanted = {"reseller": str(reseller.pk), "provider": str(provider.pk)}.get(wanted, wanted)
    change = BulkChangeFactory(provider=provider, subscription=plans[0], what=what, wanted=wanted)
    client.force_login(sales_agent.user)

    assert [row.wanted for row in client.get(change.get_absolute_url()).context["rows"]] == [words]


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_as_many_queries_for_one_row_as_for_three(
    client, relationship, sales_agent, strange_subscription, stranger, django_assert_num_queries, count
):
    BulkChangeFactory(provider=strange_subscription.provider, membership=stranger, subscription=strange_subscription)
    plans = subscriptions_of(relationship, count)
    changes = [checked(What.SUPPORT, wishes(plans, "12345"), sales_agent) for _change in range(count)]
    client.force_login(sales_agent.user)

    client.get(reverse(LIST))
    with django_assert_num_queries(3):
        page = client.get(reverse(LIST))
    with django_assert_num_queries(5):
        detail = client.get(changes[0].get_absolute_url())

    assert page.context["page"].rows == changes[::-1]
    assert len(detail.context["rows"]) == count
    assert len(detail.content) < 60_000


def test_the_list_of_subscriptions_has_boxes_to_tick_for_those_who_may(
    client, plans, sales_agent, billing_admin, reseller_admin
):
    SubscriptionFactory(relationship=plans[0].relationship, status="cancelled")

    def boxes(person):
        client.force_login(person.user)
        page = client.get(reverse("subscriptions:list")).text
        return (page.count('form="bulk"'), 'id="bulk"' in page)

    assert [boxes(person) for person in (sales_agent, billing_admin, reseller_admin)] == [
        (3, True),
        (0, False),
        (0, False),
    ]


def test_an_empty_list_says_what_to_do_next(client, sales_agent, billing_admin):
    client.force_login(sales_agent.user)
    page = client.get(reverse(LIST))
    fragment = client.get(reverse(LIST), headers={"HX-Request": "true"})

    assert ("No bulk changes yet" in page.text, reverse(UPLOAD) in page.text) == (True, True)
    assert "<html" not in fragment.text
    client.force_login(billing_admin.user)
    assert reverse(UPLOAD) not in client.get(reverse(LIST)).text


def test_nothing_to_change_offers_no_start(client, plans, provider):
    change = BulkChangeFactory(provider=provider, subscription=plans[0], done=0, unchanged=1)
    client.force_login(member(provider.organisation, Role.ADMIN_AGENT).user)

    page = client.get(change.get_absolute_url())

    assert ("There is nothing to change." in page.text, ">Start</button>" in page.text) == (True, False)


def test_limits_are_those_that_the_pages_name():
    assert (bulk.MOST_ROWS, bulk_csv.MOST_BYTES) == (10_000, 4 * 1024**2)
