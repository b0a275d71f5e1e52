from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from accounts.access import RoleMissing
from accounts.roles import Role
from activity.models import Activity
from activity.verbs import Verb
from outbox.models import Notice, OutgoingEmail
from resellers.partnerships import end_partnership
from subscriptions import bulk
from subscriptions.bulk import What, Wish, allowed_changes, leave, prepare, start
from subscriptions.bulk import rows as bulk_rows
from subscriptions.bulk.rows import carry_on, carry_on_stalled
from subscriptions.models import BulkChange, BulkRow, Charge, LicenceChange, ResellerOfRecord, Subscription
from subscriptions.tasks import carry_on_bulk_change, resume_bulk_changes
from subscriptions.terms import months_later
from tests.factories import PartnershipFactory, SubscriptionFactory, ready_reseller
from tests.refusals import refused
from tests.subscriptions.bulk_changes import checked, credit, finished, results, started, subscriptions_of, wishes

pytestmark = pytest.mark.django_db


@pytest.fixture
def plans(relationship):
    return subscriptions_of(relationship, 3)


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


def counts(change) -> tuple[str, int, int, int]:
    return (change.state, change.done, change.unchanged, change.refused)


def test_whoever_may_change_one_may_change_many(provider_admin, helpdesk, billing_admin):
    assert allowed_changes(provider_admin) == list(What)
    assert allowed_changes(helpdesk) == [What.SUPPORT, What.AUTO_RENEW, What.LICENCES]
    assert allowed_changes(billing_admin) == []


def test_prepare_writes_down_what_is_wanted_and_changes_nothing(plans, sales_agent):
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)

    assert (change.provider, change.membership, counts(change), change.rows) == (
        plans[0].provider,
        sales_agent,
        ("checking", 0, 0, 0),
        3,
    )
    rows = change.all_rows.order_by("number")
    assert [(row.number, row.subscription, row.typed, row.wanted, row.result) for row in rows] == [
        (number, plan, str(plan.code), "12", "waiting") for number, plan in enumerate(plans, 1)
    ]
    assert set(Subscription.objects.values_list("licences", flat=True)) == {10}


def test_prepare_refuses_nothing_and_too_much(sales_agent, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_ROWS", 2)

    assert refused(lambda: prepare(What.LICENCES, [], membership=sales_agent)) == "bulk_empty"
    wanted = [Wish(number, "x", "1") for number in range(3)]
    assert refused(lambda: prepare(What.LICENCES, wanted, membership=sales_agent)) == "bulk_too_many"
    assert BulkChange.objects.count() == 0


@pytest.mark.parametrize("what", What)
def test_prepare_start_and_leave_need_the_role_of_the_change(plans, billing_admin, sales_agent, what):
    change = checked(what, wishes(plans, "off"), sales_agent)

    for act in (
        lambda: prepare(what, wishes(plans, "off"), membership=billing_admin),
        lambda: start(change, membership=billing_admin),
        lambda: leave(change, membership=billing_admin),
    ):
        with pytest.raises(RoleMissing):
            act()
    assert BulkChange.objects.get().state == "checked"


def test_preview_foresees_everything_and_leaves_no_trace(plans, sales_agent, django_capture_on_commit_callbacks):
    plans[1].licences = 12
    plans[1].save()
    wanted = [*wishes(plans, "12"), Wish(4, "nothing", "12"), Wish(5, str(plans[0].code), "11"), Wish(6, "", "")]
    lines, notices = Activity.objects.count(), Notice.objects.count()

    with django_capture_on_commit_callbacks() as callbacks:
        change = checked(What.LICENCES, wanted, sales_agent)

    assert len(callbacks) == 1
    assert counts(change) == ("checked", 2, 1, 3)
    assert results(change) == [
        ("done", ""),
        ("unchanged", ""),
        ("done", ""),
        ("refused", "not_found"),
        ("refused", "duplicate"),
        ("refused", "not_found"),
    ]
    assert list(Subscription.objects.order_by("pk").values_list("licences", "revision")) == [(10, 1), (12, 1), (10, 1)]
    assert (Activity.objects.count(), Notice.objects.count(), Charge.objects.count()) == (lines, notices, 0)
    assert LicenceChange.objects.count() == 3


def test_preview_costs_what_is_charged_then(plans, sales_agent, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    change = checked(What.LICENCES, wishes(plans, "12"), sales_agent)
    foreseen = list(change.all_rows.order_by("number").values_list("cost", "currency"))

    start(change, membership=sales_agent)
    carry_on(change.pk)

    charged = list(Charge.objects.order_by("pk").values_list("amount", "currency"))
    assert foreseen == charged == list(change.all_rows.order_by("number").values_list("cost", "currency"))
    assert [currency for _amount, currency in charged] == ["JPY"] * 3
    assert min(amount for amount, _currency in charged) > Decimal(0)


def test_licences_change_once_with_one_line_each(plans, sales_agent, provider):
    change = finished(What.LICENCES, wishes(plans, "12"), sales_agent)

    assert counts(change) == ("done", 3, 0, 0)
    assert change.finished_at is not None
    assert set(Subscription.objects.values_list("licences", "revision")) == {(12, 2)}
    lines = Activity.objects.order_by("pk").values_list("verb", "target", "actor_name", "refusal")
    assert list(lines) == [
        (Verb.BULK_STARTED, "Licenses", sales_agent.user.email, ""),
        *((Verb.LICENCES_CHANGED, f"Plan {number}", sales_agent.user.email, "") for number in (1, 2, 3)),
        (Verb.BULK_FINISHED, "Licenses", sales_agent.user.email, ""),
    ]
    details = Activity.objects.get(verb=Verb.BULK_FINISHED).details
    assert details == {"lines": 3, "done": 3, "unchanged": 0, "refused": 0}
    assert list(Activity.objects.get(verb=Verb.BULK_STARTED).sightings.values_list("organisation", flat=True)) == [
        provider.pk
    ]


def test_whoever_started_it_is_told_once(plans, sales_agent, provider_admin):
    sales_agent.user.language = "ja"
    sales_agent.user.save()

    change = finished(What.AUTO_RENEW, [*wishes(plans, "off"), Wish(9, "x", "off")], sales_agent)
    carry_on(change.pk)

    notice = Notice.objects.get()
    assert (notice.membership, notice.path) == (sales_agent, change.get_absolute_url())
    assert (notice.names["done"], notice.names["refused"]) == ("3", "1")
    with translation.override("ja"):
        assert notice.names["title"] == str(change)
    assert OutgoingEmail.objects.get().to == sales_agent.user.email


def test_credit_changes_to_the_number_or_to_nobody(plans, sales_agent, account):
    credit(plans[1], account)
    wanted = [*wishes(plans[:1], "12345"), Wish(2, str(plans[1].code), "none"), Wish(3, str(plans[2].code), "none")]

    change = finished(What.CREDIT, wanted, sales_agent)

    assert results(change) == [("done", ""), ("done", ""), ("unchanged", "")]
    now = ResellerOfRecord.objects.current().values_list("subscription", "partner_account")
    assert list(now) == [(plans[0].pk, account.pk)]
    assert set(change.all_rows.values_list("cost", flat=True)) == {None}


def test_support_is_designated_by_either_number(plans, sales_agent, reseller, provider):
    wanted = [
        Wish(1, str(plans[0].code), "12345"),
        Wish(2, str(plans[1].code), str(reseller.pk)),
        Wish(3, str(plans[2].code), str(provider.pk)),
    ]

    change = finished(What.SUPPORT, wanted, sales_agent)

    assert results(change) == [("done", ""), ("done", ""), ("unchanged", "")]
    assert list(Subscription.objects.order_by("pk").values_list("support_contact", flat=True)) == [
        reseller.pk,
        reseller.pk,
        None,
    ]
    back = finished(What.SUPPORT, wishes(plans, "None"), sales_agent)
    assert results(back) == [("done", ""), ("done", ""), ("unchanged", "")]


def test_auto_renew_takes_the_words_of_every_language(plans, sales_agent):
    wanted = [Wish(number, str(each.code), ("Off", "オフ", "no")[number - 1]) for number, each in enumerate(plans, 1)]

    change = finished(What.AUTO_RENEW, wanted, sales_agent)

    assert counts(change) == ("done", 3, 0, 0)
    assert set(Subscription.objects.values_list("auto_renew", flat=True)) == {False}
    assert counts(finished(What.AUTO_RENEW, wishes(plans, "TRUE"), sales_agent)) == ("done", 3, 0, 0)


@pytest.fixture
def family(plans):
    """The second of the plans as an add-on of the first."""
    base, add_on, _other = plans
    add_on.base = base
    add_on.save()
    return base, add_on


def said(change) -> list[tuple[str, str, list[str]]]:
    return [(row.result, row.refusal, row.reasons) for row in change.all_rows.order_by("number")]


@pytest.mark.parametrize(("what", "wanted"), [(What.AUTO_RENEW, "off"), (What.CREDIT, "12345")])
@pytest.mark.parametrize("first", ["base", "add-on"])
def test_an_add_on_follows_the_row_of_its_base_wherever_that_stands(family, sales_agent, account, what, wanted, first):
    base, add_on = family
    rows = wishes(family if first == "base" else family[::-1], wanted)
    line = 1 if first == "base" else 2
    follows = ("unchanged", "", [f"Follows its base, {base} (line {line})."])

    change = checked(what, rows, sales_agent)
    foreseen = said(change)
    start(change, membership=sales_agent)
    carry_on(change.pk)

    assert foreseen == said(change) == ([("done", "", []), follows] if first == "base" else [follows, ("done", "", [])])
    with translation.override("ja"):
        assert change.all_rows.get(result="unchanged").reasons != []
    assert Activity.objects.filter(result="refused").count() == 0
    for each in (base, add_on):
        each.refresh_from_db()
        credited = list(each.resellers_of_record.values_list("partner_account", flat=True))
        assert (each.auto_renew, credited) == ((False, []) if what == What.AUTO_RENEW else (True, [account.pk]))


@pytest.mark.parametrize(
    ("what", "wanted", "code"),
    [(What.AUTO_RENEW, "off", "add_on_renewal"), (What.CREDIT, "12345", "add_on_credit")],
)
def test_an_add_on_whose_base_is_not_in_the_change_is_refused(family, plans, sales_agent, account, what, wanted, code):
    elsewhere = checked(what, wishes(family[:1], wanted), sales_agent)

    change = finished(what, wishes(plans[1:], wanted), sales_agent)

    assert results(change) == [("refused", code), ("done", "")]
    assert results(elsewhere) == [("done", "")]


@pytest.mark.parametrize(("what", "wanted"), [(What.LICENCES, "12"), (What.SUPPORT, "12345")])
def test_what_an_add_on_has_of_its_own_changes_beside_its_base(family, sales_agent, account, what, wanted):
    assert results(finished(what, wishes(family, wanted), sales_agent)) == [("done", "")] * 2


def test_an_add_on_is_refused_for_what_is_wrong_with_its_own_row(family, plans, sales_agent):
    base, add_on = family
    ended = SubscriptionFactory(relationship=base.relationship, base=base, status="expired")
    rows = [*_numbered([base], "off", 1), *_numbered([add_on], "perhaps", 2), *_numbered([ended, base], "off", 3)]

    before = results(checked(What.AUTO_RENEW, rows, sales_agent))
    after = results(finished(What.AUTO_RENEW, rows, sales_agent))

    codes = [("refused", code) for code in ("auto_renew_words", "not_changeable", "duplicate")]
    assert before == after == [("done", ""), *codes]


@pytest.mark.parametrize(
    ("what", "wanted", "code"),
    [
        (What.CREDIT, "", "value_missing"),
        (What.CREDIT, "abc", "mpn_digits"),
        (What.CREDIT, "99999", "mpn_unknown"),
        (What.SUPPORT, "99999", "partner_unknown"),
        (What.SUPPORT, "Sakura", "partner_unknown"),
        (What.SUPPORT, "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "partner_unknown"),
        (What.AUTO_RENEW, "perhaps", "auto_renew_words"),
        (What.LICENCES, "0", "licences_number"),
        (What.LICENCES, "-3", "licences_number"),
        (What.LICENCES, "1.5", "licences_number"),
        (What.LICENCES, "99999999999", "licences_number"),
        (What.LICENCES, "301", "too_many"),
    ],
)
def test_each_value_is_refused_by_the_rules_of_one(plans, sales_agent, what, wanted, code):
    change = finished(What.LICENCES, wishes(plans[:1], "11"), sales_agent)  # so that there is something to begin with

    change = prepare(what, [*wishes(plans[:1], wanted)], membership=sales_agent)
    carry_on(change.pk)

    assert results(change) == [("refused", code)]
    change.refresh_from_db()
    assert counts(change) == ("checked", 0, 0, 1)
    assert refused(lambda: start(change, membership=sales_agent)) == "bulk_nothing"


def test_refusals_are_in_the_log_and_said_in_the_language_of_the_reader(plans, sales_agent):
    change = finished(What.LICENCES, [*wishes(plans[:1], "12"), *_numbered(plans[1:2], "301", 2)], sales_agent)

    row = change.all_rows.get(number=2)
    assert row.refusal == "too_many"
    with translation.override("en"):
        english = row.reasons
    with translation.override("ja"):
        japanese = row.reasons
    title = plans[0].offer.sku_title
    assert english == [f"{title} allows at most 300 licenses."]
    assert title in japanese[0]
    assert japanese != english
    with translation.override("de"):
        assert row.reasons == english
    assert BulkRow().reasons == []
    line = Activity.objects.get(result="refused")
    assert (line.verb, line.refusal, line.target) == (Verb.SUBSCRIPTION_CHANGED, "too_many", "Plan 2")


def _numbered(subscriptions, wanted, first):
    return [Wish(number, str(each.code), wanted) for number, each in enumerate(subscriptions, first)]


def test_what_never_reached_a_subscription_is_in_the_log_too(plans, sales_agent, provider, strange_subscription):
    wanted = [*wishes(plans[:1], "12"), Wish(2, str(strange_subscription.code), "12"), *_numbered(plans[1:2], "x", 3)]

    change = finished(What.LICENCES, wanted, sales_agent)

    assert results(change) == [("done", ""), ("refused", "not_found"), ("refused", "licences_number")]
    lines = Activity.objects.filter(result="refused").order_by("pk")
    assert [(line.refusal, line.target) for line in lines] == [
        ("not_found", str(strange_subscription.code)),
        ("licences_number", "Plan 2"),
    ]
    assert {
        organisation for line in lines for organisation in line.sightings.values_list("organisation", flat=True)
    } == {provider.pk}


def test_a_strangers_subscription_is_refused_in_the_words_for_an_unknown_one(plans, sales_agent, strange_subscription):
    unknown = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
    strange = str(strange_subscription.code)

    change = checked(What.LICENCES, [Wish(1, unknown, "3"), Wish(2, strange, "3")], sales_agent)

    first, second = change.all_rows.order_by("number")
    assert first.subscription is second.subscription is None
    assert (first.refusal, first.reasons[0].replace(unknown, strange)) == (second.refusal, second.reasons[0])


def test_a_role_that_is_lost_half_way_refuses_the_rest(plans, sales_agent, monkeypatch):
    change = started(What.LICENCES, wishes(plans, "12"), sales_agent)
    assert bulk_rows.step(change.pk)
    sales_agent.roles = [Role.BILLING_ADMIN]
    sales_agent.save()

    carry_on(change.pk)

    change.refresh_from_db()
    assert counts(change) == ("done", 1, 0, 2)
    assert results(change) == [("done", ""), ("refused", "role_missing"), ("refused", "role_missing")]
    assert list(Subscription.objects.order_by("pk").values_list("licences", flat=True)) == [12, 10, 10]
    row = change.all_rows.get(number=3)
    with translation.override("ja"):
        assert "全体管理者" in row.reasons[0]
    assert Activity.objects.filter(refusal="role_missing").count() == 2


@pytest.mark.parametrize("gone", ["suspended_at", "ended_at"])
def test_whoever_left_half_way_changes_nothing_more(plans, sales_agent, gone):
    change = started(What.LICENCES, wishes(plans, "12"), sales_agent)
    assert bulk_rows.step(change.pk)
    setattr(sales_agent, gone, timezone.now())
    sales_agent.save()

    carry_on(change.pk)

    assert results(change) == [("done", ""), ("refused", "not_member"), ("refused", "not_member")]
    assert list(Subscription.objects.order_by("pk").values_list("licences", flat=True)) == [12, 10, 10]
    assert Notice.objects.count() == 0


def test_it_is_carried_out_with_the_rights_of_whoever_started_it(plans, sales_agent, helpdesk):
    change = checked(What.LICENCES, wishes(plans, "12"), helpdesk)
    helpdesk.ended_at = timezone.now()
    helpdesk.save()

    start(change, membership=sales_agent)
    carry_on(change.pk)

    change.refresh_from_db()
    assert (change.membership, counts(change)) == (sales_agent, ("done", 3, 0, 0))


def test_another_role_that_the_domain_asks_for_is_a_refusal(plans, sales_agent, monkeypatch):
    """The last word is submit_changes()'s: a role may be lost between the two questions."""

    def refuse(*_args, **_kwargs):
        raise RoleMissing(bulk.PERMISSIONS[What.LICENCES], sales_agent.kind)

    monkeypatch.setattr(bulk_rows, "submit_changes", refuse)

    assert results(checked(What.LICENCES, wishes(plans[:1], "12"), sales_agent)) == [("refused", "role_missing")]


def test_a_fault_of_ours_refuses_one_row_and_not_the_rest(plans, sales_agent, monkeypatch, caplog):
    submit = bulk_rows.submit_changes

    def sometimes(subscription, *args, **kwargs):
        if subscription == plans[1]:
            Subscription.objects.filter(pk=subscription.pk).update(licences=0)
        return submit(subscription, *args, **kwargs)

    change = started(What.LICENCES, wishes(plans, "12"), sales_agent)
    monkeypatch.setattr(bulk_rows, "submit_changes", sometimes)
    carry_on(change.pk)

    assert results(change) == [("done", ""), ("refused", "fault"), ("done", "")]
    assert list(Subscription.objects.order_by("pk").values_list("licences", flat=True)) == [12, 10, 12]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_start_happens_once_and_only_after_the_check(plans, sales_agent):
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)
    assert refused(lambda: start(change, membership=sales_agent)) == "bulk_checking"
    carry_on(change.pk)

    for _click in range(3):
        start(change, membership=sales_agent)
    carry_on(change.pk)
    start(change, membership=sales_agent)
    carry_on(change.pk)

    assert set(Subscription.objects.values_list("licences", "revision")) == {(12, 2)}
    assert Activity.objects.filter(verb=Verb.BULK_STARTED).count() == 1
    assert Activity.objects.filter(verb=Verb.BULK_FINISHED).count() == 1
    assert refused(lambda: leave(change, membership=sales_agent)) == "bulk_started"


def test_leave_before_the_start_and_nothing_happens(plans, sales_agent):
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)
    bulk_rows.step(change.pk)

    leave(change, membership=sales_agent)
    leave(change, membership=sales_agent)

    assert carry_on(change.pk) == 0
    change.refresh_from_db()
    assert (counts(change), change.finished_at is not None) == (("left", 1, 0, 0), True)
    assert refused(lambda: start(change, membership=sales_agent)) == "bulk_left"


def test_a_task_leaves_what_is_more_than_a_batch_to_the_next(
    plans, sales_agent, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(bulk_rows, "BATCH", 2)
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)

    with django_capture_on_commit_callbacks() as callbacks:
        first = carry_on_bulk_change(change.pk)
    second = carry_on_bulk_change(change.pk)

    assert (first, len(callbacks), second) == (2, 1, 1)
    change.refresh_from_db()
    assert counts(change) == ("checked", 3, 0, 0)


def test_the_sweep_takes_up_what_stands_still(plans, sales_agent, django_capture_on_commit_callbacks):
    still = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)
    prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)
    ready = checked(What.LICENCES, wishes(plans, "12"), sales_agent)
    BulkChange.objects.exclude(pk__in=[still.pk + 1]).update(moved_at=timezone.now() - timedelta(minutes=3))

    with django_capture_on_commit_callbacks() as callbacks:
        assert resume_bulk_changes() == 1

    assert len(callbacks) == 1
    assert ready.state == "checked"
    carry_on_stalled()
    carry_on(still.pk)
    still.refresh_from_db()
    assert still.state == "checked"


def test_a_renewal_that_is_overdue_comes_first_and_is_no_cost_of_the_change(relationship, sales_agent):
    begin, due = months_later(timezone.now(), -1) - timedelta(days=1), timezone.now() - timedelta(days=1)
    times = {"starts_at": begin, "created_at": begin, "ends_at": months_later(begin, 12)}
    plan = SubscriptionFactory(relationship=relationship, charged_until=due, due_at=due, **times)

    change = finished(What.LICENCES, wishes([plan], "11"), sales_agent)

    kinds = list(Charge.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["cycle", "licences_added"]
    assert change.all_rows.get().cost == Charge.objects.get(kind="licences_added").amount


def test_a_partner_that_ended_is_no_support_contact(plans, sales_agent):
    former = ready_reseller("Ume", number="0054321")
    end_partnership(PartnershipFactory(provider=plans[0].provider, reseller=former), actor=sales_agent.user)

    change = checked(What.SUPPORT, [Wish(1, str(plans[0].code), "54321")], sales_agent)

    assert results(change) == [("refused", "partner_unknown")]


@pytest.mark.parametrize("what", What)
def test_a_row_takes_few_queries_however_many_there_are(
    relationship, sales_agent, account, django_assert_max_num_queries, what
):
    wanted = {What.CREDIT: "12345", What.SUPPORT: "12345", What.AUTO_RENEW: "off", What.LICENCES: "12"}[what]
    plans = subscriptions_of(relationship, 3)
    change = started(what, wishes(plans, wanted), sales_agent)

    for _row in plans:
        with django_assert_max_num_queries(50):
            assert bulk_rows.step(change.pk)

    assert set(results(change)) == {("done", "")}


def test_rows_of_others_are_nobodys(plans, sales_agent, stranger, reseller_admin):
    change = prepare(What.LICENCES, wishes(plans, "12"), membership=sales_agent)

    assert list(BulkChange.objects.visible_to(sales_agent)) == [change]
    assert BulkRow.objects.visible_to(sales_agent).count() == 3
    for nobody in (stranger, reseller_admin, None):
        assert list(BulkChange.objects.visible_to(nobody)) == []
        assert list(BulkRow.objects.visible_to(nobody)) == []
    assert (str(change), str(change.all_rows.get(number=1))) == ("Licenses", f"1: {plans[0].code}")


def test_refusals_of_the_whole_name_the_limit():
    assert bulk.too_many().messages == ["At most 10000 subscriptions can be changed in one go. Choose fewer."]
    assert isinstance(bulk.too_many(), ValidationError)
