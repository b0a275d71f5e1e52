"""Two at the same moment, on real connections: one wins, the other is told with a code, nothing is there by half.

Accepting, withdrawing, sending and enrolling twice are in tests/resellers/test_races.py; Submit, Cancel and the claim
of a domain in tests/subscriptions/test_order_races.py; two changes of one subscription in
tests/subscriptions/test_changes.py.
"""

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from activity.models import Activity
from customers.accounts import AccountDetails, change_account
from customers.models import Customer, Relationship
from customers.registration import reset_temporary_password
from resellers.models import Partnership, PartnershipRequest
from resellers.partnerships import accept_request, decline_request, end_partnership
from subscriptions.changes import Changes, reactivate, submit_changes, suspend
from subscriptions.models import Order, OrderDraft, ResellerOfRecord, Subscription
from subscriptions.ordering.drafts import cancel_draft
from subscriptions.ordering.steps import submit_draft
from tests.factories import (
    OfferFactory,
    PartnershipRequestFactory,
    RelationshipFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.order_answers import draft_for, draft_of, line, rows, url
from tests.threads import at_once, fresh, held_up, overtaken

pytestmark = pytest.mark.django_db(transaction=True)


def log():
    return sorted(Activity.objects.values_list("verb", "refusal"))


@pytest.mark.parametrize("_round", range(8))
def test_accept_and_decline_of_one_link(provider, reseller_admin, _round):
    request = PartnershipRequestFactory(provider=provider)

    answers = at_once(
        lambda: accept_request(request, membership=fresh(reseller_admin)),
        lambda: decline_request(request, membership=fresh(reseller_admin), reason="no"),
    )

    assert answers in (["done", "request_used"], ["request_declined", "done"])
    accepted = answers[0] == "done"
    request.refresh_from_db()
    assert (Partnership.objects.count(), request.uses, request.declined_at is None) == (accepted, accepted, accepted)
    refusals = [answer.replace("done", "") for answer in answers]
    assert log() == sorted(zip(("partnership_started", "partnership_declined"), refusals, strict=True))


def test_two_decline_one_link(provider, reseller_admin):
    request = PartnershipRequestFactory(provider=provider)
    other = member(ready_reseller("Ume").organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: decline_request(request, membership=fresh(reseller_admin), reason="no"),
        lambda: decline_request(request, membership=fresh(other), reason="nor we"),
    )

    assert sorted(answers) == ["done", "request_declined"]
    assert PartnershipRequest.objects.get().decline_reason == ["no", "nor we"][answers.index("done")]


# Removing a partnership while that reseller is credited


def test_an_order_that_waited_does_not_credit_a_partner_removed_meanwhile(
    partnership, provider_admin, sales_agent, relationship
):
    """The number was right when Submit was pressed; by the time the order could be written, it was not (§4.9)."""
    draft = draft_for(sales_agent, relationship.customer, line(OfferFactory(), reseller="0012345"))
    draft = OrderDraft.objects.select_related("customer__organisation").get(pk=draft.pk)

    answer = overtaken(
        lambda: submit_draft(draft, membership=sales_agent),
        by=lambda: end_partnership(partnership, actor=provider_admin.user),
        row=draft,
    )

    assert answer == "unfinished"
    assert (Order.objects.count(), ResellerOfRecord.objects.count()) == (0, 0)
    assert OrderDraft.objects.open().count() == 1


def test_a_customer_is_not_added_for_a_partner_removed_meanwhile(partnership, provider_admin, sales_agent, reseller):
    draft = draft_of(sales_agent, line(OfferFactory()), reseller=reseller)
    before = rows()

    answer = overtaken(
        lambda: submit_draft(OrderDraft.objects.get(), membership=sales_agent),
        by=lambda: end_partnership(partnership, actor=provider_admin.user),
        row=draft,
    )

    assert answer == "unfinished"
    assert rows() == before


def test_the_page_then_marks_the_reseller_that_went(partnership, provider_admin, sales_agent, reseller, sign_in):
    client, draft = sign_in(sales_agent), draft_of(sales_agent, line(OfferFactory()), reseller=reseller)
    reviewed = client.get(url("review", draft)).context["answers"].version
    answers = []

    overtaken(
        lambda: answers.append(client.post(url("submit", draft), {"reviewed": reviewed})),
        by=lambda: end_partnership(partnership, actor=provider_admin.user),
        row=draft,
    )
    arrived = client.get(answers[0]["Location"], follow=True)

    assert arrived.redirect_chain[-1] == (url("account", draft), 302)
    assert arrived.context["form"].errors.as_data()["reseller"][0].code == "invalid_choice"


def test_a_partnership_is_not_removed_while_an_order_that_credits_it_is_written(
    partnership, provider_admin, sales_agent, relationship
):
    """The other way round: removing waits for the order, which stands as it was submitted."""
    draft = draft_for(sales_agent, relationship.customer, line(OfferFactory(), reseller="0012345"))

    removal = held_up(
        lambda: end_partnership(partnership, actor=provider_admin.user),
        by=lambda: submit_draft(draft, membership=sales_agent),
    )

    partnership.refresh_from_db()
    assert (removal, partnership.ended_at > Order.objects.get().placed_at) == (partnership, True)
    assert ResellerOfRecord.objects.current().count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_removing_a_partnership_and_ordering_with_it_happen_one_after_the_other(
    partnership, provider_admin, sales_agent, relationship, _round
):
    draft = draft_for(sales_agent, relationship.customer, line(OfferFactory(), reseller="0012345"))

    answers = at_once(
        lambda: submit_draft(draft, membership=sales_agent),
        lambda: end_partnership(partnership, actor=provider_admin.user),
    )

    assert answers in (["done", "done"], ["unfinished", "done"])
    placed = answers[0] == "done"
    assert (Order.objects.count(), Subscription.objects.count(), ResellerOfRecord.objects.count()) == (placed,) * 3
    assert not Partnership.objects.active().exists()


def test_many_orders_that_credit_the_same_partner_do_not_lock_each_other_out(
    partnership, provider, sales_agent, relationship
):
    other = ready_reseller("Momiji", number="0099")
    Partnership.objects.create(provider=provider, reseller=other)
    offers = [OfferFactory(), OfferFactory()]
    drafts = [
        draft_for(sales_agent, relationship.customer, *(line(offer, reseller=number) for offer, number in pairs))
        for pairs in [list(zip(offers, each, strict=True)) for each in (("0012345", "0099"), ("0099", "0012345"))] * 2
    ]

    answers = at_once(*(lambda each=each: submit_draft(each, membership=sales_agent) for each in drafts))

    assert answers == ["done"] * 4
    assert ResellerOfRecord.objects.count() == 8


# One subscription


def changed(subscription, membership, **changes):
    same = {"nickname": subscription.nickname, "licences": subscription.licences, "auto_renew": True, "mpn_id": ""}
    wanted = Changes(**{**same, "support_contact": None, **changes})
    return submit_changes(subscription, wanted, revision=subscription.revision, membership=membership)


@pytest.mark.parametrize("_round", range(3))
def test_suspend_and_change_of_one_subscription(relationship, provider_admin, sales_agent, _round):
    subscription = SubscriptionFactory(relationship=relationship)

    answers = at_once(
        lambda: suspend(subscription, membership=provider_admin),
        lambda: changed(subscription, sales_agent, licences=20),
    )

    now = Subscription.objects.get()
    assert answers in (["done", "done"], ["done", "changed_meanwhile"])
    assert (now.status, now.licences) == ("suspended", 20 if answers[1] == "done" else 10)
    assert now.revision == 1 + answers.count("done")
    assert now.licences == sum(each.difference for each in now.licence_changes.all())


def test_suspend_and_reactivate_of_one_subscription_leave_one_state(relationship, provider_admin, sales_agent):
    subscription = SubscriptionFactory(relationship=relationship, status="suspended")

    answers = at_once(
        *[lambda: reactivate(subscription, membership=provider_admin)] * 2,
        lambda: suspend(subscription, membership=sales_agent),
    )

    now = Subscription.objects.get()
    assert set(answers) <= {"done", "wrong_state"}
    assert now.status == ("active" if answers[:2].count("done") > answers[2:].count("done") else "suspended")
    assert now.revision == 1 + answers.count("done")
    assert len(log()) == 3


def test_crediting_a_reseller_and_removing_its_partnership(partnership, provider_admin, sales_agent, relationship):
    subscription = SubscriptionFactory(relationship=relationship)

    answers = at_once(
        lambda: changed(subscription, sales_agent, mpn_id="0012345"),
        lambda: end_partnership(partnership, actor=provider_admin.user),
    )

    assert answers in (["done", "done"], ["mpn_not_partnered", "done"])
    assert ResellerOfRecord.objects.count() == (answers[0] == "done")
    assert Subscription.objects.get().revision == 1 + (answers[0] == "done")


# One customer


def test_of_two_new_temporary_passwords_the_last_one_opens(relationship, provider_admin, helpdesk, customer_admin):
    shown = []

    answers = at_once(
        *[lambda: shown.append(reset_temporary_password(relationship, membership=provider_admin))] * 2,
        lambda: shown.append(reset_temporary_password(relationship, membership=helpdesk)),
    )

    user = User.objects.get(pk=customer_admin.user_id)
    assert answers == ["done"] * 3
    assert [user.check_password(each.password) for each in shown].count(True) == 1
    assert user.must_change_password
    assert log() == [("password_reset", "")] * 3


def test_a_password_reset_while_the_old_one_is_changed_is_not_undone(
    relationship, provider_admin, customer_admin, sign_in
):
    """The customer chooses a password at the moment when the partner issues a new temporary one: one of them holds."""
    User.objects.filter(pk=customer_admin.user_id).update(must_change_password=True)
    browser, shown = sign_in(customer_admin), []
    chosen = "paper lantern harbour"

    at_once(
        lambda: shown.append(reset_temporary_password(relationship, membership=provider_admin)),
        lambda: browser.post(reverse("accounts:new_password"), {"password": chosen}),
    )

    user = User.objects.get(pk=customer_admin.user_id)
    holds = [user.check_password(shown[0].password), user.check_password(chosen)]
    assert holds.count(True) == 1
    assert user.must_change_password is holds[0]


def test_two_providers_change_one_customer_and_none_is_lost(
    relationship, provider_admin, stranger, strange_relationship
):
    theirs = RelationshipFactory(provider=strange_relationship.provider, customer=relationship.customer)
    customer = relationship.customer
    same = {
        **{name: getattr(customer, name) for name in ("address_line1", "first_name", "last_name", "email", "language")},
        "company_name": "Aoba",
    }

    answers = at_once(
        lambda: change_account(
            relationship, AccountDetails(**same | {"company_name": "Aoba KK"}), membership=provider_admin
        ),
        lambda: change_account(theirs, AccountDetails(**same | {"company_name": "Aoba GmbH"}), membership=stranger),
    )

    assert answers == ["done", "done"]
    both = Relationship.objects.filter(customer=customer)
    names = dict(both.values_list("provider__organisation__name", "company_name"))
    assert names == {"Kita": "Aoba KK", "Rhein": "Aoba GmbH"}
    assert Customer.objects.get(pk=customer.pk).organisation.name == "Aoba"


# One draft


@pytest.mark.parametrize("_round", range(3))
def test_two_submits_a_cancel_and_an_edit_of_one_draft(sales_agent, _round):
    draft_of(sales_agent, line(OfferFactory()))
    first, second, third = (OrderDraft.objects.get() for _each in range(3))

    answers = at_once(
        lambda: submit_draft(first, membership=sales_agent),
        lambda: submit_draft(second, membership=sales_agent),
        lambda: cancel_draft(third, actor=sales_agent.user),
    )

    assert answers.count("done") == 1
    assert set(answers) - {"done"} <= {"already_submitted", "draft_cancelled"}
    placed = answers[2] != "done"
    assert (Order.objects.count(), Customer.objects.count(), OrderDraft.objects.count()) == (placed, placed, placed)
    assert User.objects.filter(email__startswith="admin@").count() == placed
