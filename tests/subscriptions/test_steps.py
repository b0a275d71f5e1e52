from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from activity.log import codes_of
from customers.models import Customer, Relationship
from subscriptions.models import OrderDraft, Subscription
from subscriptions.ordering.steps import (
    ACCOUNT,
    CONFIRMATION,
    REVIEW,
    SUBSCRIPTIONS,
    Answers,
    begin_draft,
    column,
    keep_account,
    keep_lines,
    submit_draft,
)
from tests.factories import CustomerFactory, OfferFactory
from tests.subscriptions.order_answers import account, draft_for, draft_of, line, rows


@pytest.fixture
def offer(db):
    return OfferFactory(unit_price=2000)


def refused(draft, membership, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        submit_draft(draft, membership=membership, **kwargs)
    return codes_of(refusal.value)


def test_unfinished_is_the_first_step_that_does_not_hold(sales_agent, offer):
    def unfinished(**answers):
        draft = draft_of(sales_agent, line(offer))
        for name, answer in answers.items():
            setattr(draft, name, answer)
        return Answers(draft, membership=sales_agent).unfinished

    assert unfinished() == REVIEW
    assert unfinished(lines=[]) == SUBSCRIPTIONS
    assert unfinished(account={}) == ACCOUNT
    assert unfinished(account=account(company_name=""), lines=[]) == ACCOUNT


def test_unfinished_follows_what_has_changed_since(sales_agent, partnership, reseller, offer):
    draft = draft_of(sales_agent, line(offer, reseller="0012345"), reseller=reseller)
    assert Answers(draft, membership=sales_agent).unfinished == REVIEW

    CustomerFactory(primary_domain="SAKURA.onmicrosoft.com")
    assert Answers(draft, membership=sales_agent).unfinished == ACCOUNT


def test_unfinished_follows_a_partnership_that_has_ended(sales_agent, partnership, reseller, offer):
    draft = draft_of(sales_agent, line(offer, reseller="0012345"))

    partnership.ended_at = datetime(2200, 1, 1, tzinfo=UTC)
    partnership.save()

    assert Answers(draft, membership=sales_agent).unfinished == SUBSCRIPTIONS


def test_an_existing_customer_has_no_account_to_enter(sales_agent, relationship, offer):
    answers = Answers(draft_for(sales_agent, relationship.customer, line(offer)), membership=sales_agent)

    assert (answers.account, answers.relationship, answers.unfinished) == (None, relationship, REVIEW)


def test_usual_number_is_that_of_the_customers_reseller(sales_agent, relationship, reseller):
    new = Answers(draft_of(sales_agent, reseller=reseller), membership=sales_agent)
    direct = Answers(draft_of(sales_agent), membership=sales_agent)
    existing = Answers(draft_for(sales_agent, relationship.customer), membership=sales_agent)

    assert (new.usual_number, direct.usual_number, existing.usual_number) == ("0012345", "", "0012345")


def test_usual_number_of_a_customer_who_has_left_is_none(sales_agent, relationship):
    Relationship.objects.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert Answers(draft_for(sales_agent, relationship.customer), membership=sales_agent).usual_number == ""


def test_column_opens_the_steps_before_the_current_one(sales_agent, offer):
    draft = draft_of(sales_agent)

    links = column(REVIEW, draft)

    assert [(str(each.label), each.state, each.url) for each in links] == [
        ("Account info", "done", reverse("orders:account", args=[draft.code])),
        ("New subscription", "done", reverse("orders:subscriptions", args=[draft.code])),
        ("Review", "current", ""),
        ("Confirmation", "todo", ""),
    ]


def test_column_opens_nothing_before_there_is_a_draft_and_after_submit(sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    submit_draft(draft, membership=sales_agent)

    assert {each.url for each in column(CONFIRMATION, OrderDraft.objects.get()) + column(ACCOUNT)} == {""}


def test_begin_draft_keeps_what_was_typed(sales_agent):
    draft = begin_draft(None, membership=sales_agent, account={"company_name": "株式会社さくら"})

    kept = OrderDraft.objects.get()
    assert (kept, kept.provider, kept.created_by) == (draft, sales_agent.organisation.provider, sales_agent.user)
    assert (kept.account, kept.lines) == ({"company_name": "株式会社さくら"}, [])


def test_begin_draft_finds_the_draft_with_its_code(sales_agent, provider_admin):
    code = OrderDraft().code

    drafts = {begin_draft(code, membership=each) for each in (sales_agent, provider_admin)}

    assert drafts == {OrderDraft.objects.get(code=code)}


def test_begin_draft_refuses_the_code_of_another_order(sales_agent, stranger, relationship):
    strange = begin_draft(None, membership=stranger)
    own = begin_draft(None, membership=sales_agent)

    for code, customer in ((strange.code, None), (own.code, relationship.customer)):
        with pytest.raises(ValidationError) as refusal:
            begin_draft(code, membership=sales_agent, customer=customer)
        assert codes_of(refusal.value) == "draft_unknown"


def test_keep_changes_the_time_only_when_something_changes(sales_agent, offer):
    draft = draft_of(sales_agent)
    seen = draft.changed_at

    keep_account(draft, dict(draft.account))
    keep_lines(draft, [])
    assert OrderDraft.objects.get().changed_at == draft.changed_at == seen

    keep_lines(draft, [line(offer)])
    assert OrderDraft.objects.get().changed_at == draft.changed_at > seen
    assert OrderDraft.objects.get().lines == [line(offer)]


def test_keep_refuses_to_change_a_submitted_order(sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    seen = OrderDraft.objects.get()
    submit_draft(draft, membership=sales_agent)

    with pytest.raises(ValidationError) as refusal:
        keep_lines(seen, [])

    assert codes_of(refusal.value) == "already_submitted"
    assert OrderDraft.objects.get().lines == [line(offer)]


def test_submit_places_the_order_as_kept(sales_agent, partnership, reseller, offer):
    draft = draft_of(sales_agent, line(offer, 25, "0012345"), reseller=reseller)
    version = Answers(draft, membership=sales_agent).version

    receipt = submit_draft(draft, membership=sales_agent, reviewed=version)

    assert receipt.order.customer == Customer.objects.get(primary_domain="sakura.onmicrosoft.com")
    assert Subscription.objects.get().licences == 25
    assert Relationship.objects.get().reseller == reseller


def test_submit_refuses_what_was_changed_since_the_review(sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    version = Answers(draft, membership=sales_agent).version
    keep_lines(draft, [line(offer, 99)])

    assert refused(draft, sales_agent, reviewed=version) == "draft_changed"
    assert Customer.objects.count() == 0


def test_submit_refuses_a_price_that_was_changed_since_the_review(sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    version = Answers(draft, membership=sales_agent).version
    offer.unit_price = 2001
    offer.save()

    assert refused(draft, sales_agent, reviewed=version) == "draft_changed"


@pytest.mark.parametrize("typed", [{"company_name": ""}, {"postal_code": "1"}])
def test_submit_checks_account_info_again(sales_agent, offer, typed):
    draft = draft_of(sales_agent, line(offer), **typed)
    before = rows()

    assert (refused(draft, sales_agent), rows()) == ("unfinished", before)


def test_submit_refuses_a_strangers_reseller(sales_agent, strange_relationship, offer):
    draft = draft_of(sales_agent, line(offer), reseller=strange_relationship.reseller)

    assert (refused(draft, sales_agent), Customer.objects.count()) == ("unfinished", 1)


def test_submit_checks_the_lines_again(sales_agent, partnership, offer):
    draft = draft_of(sales_agent, line(offer, reseller="0012345"), line(OfferFactory(max_licences=5), 6))

    assert refused(draft, sales_agent) == "unfinished"


def test_submit_says_that_it_is_done_rather_than_that_the_domain_is_taken(sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    seen = OrderDraft.objects.get()
    submit_draft(draft, membership=sales_agent)

    assert refused(seen, sales_agent) == "already_submitted"


def test_submit_for_a_customer_who_has_left_is_refused(sales_agent, relationship, offer):
    draft = draft_for(sales_agent, relationship.customer, line(offer))
    Relationship.objects.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert refused(draft, sales_agent) == "relationship_ended"
