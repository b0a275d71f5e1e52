"""Two at the same moment, on real connections: one wins, nothing is there twice, nothing is there by half."""

import pytest
from django.urls import reverse

from activity.models import Activity
from customers.models import Customer
from subscriptions.models import Order, OrderDraft, Subscription
from subscriptions.ordering.drafts import cancel_draft
from subscriptions.ordering.steps import begin_draft, submit_draft
from tests.factories import OfferFactory, OrderFactory
from tests.subscriptions.order_answers import chosen, draft_for, draft_of, line, rows, url
from tests.threads import at_once, held_up, hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offer(transactional_db):
    return OfferFactory()


def test_two_submits_of_one_draft_make_one_order(sales_agent, offer):
    draft_of(sales_agent, line(offer), line(OfferFactory()))
    drafts = [OrderDraft.objects.get(), OrderDraft.objects.get()]

    results = sorted(at_once(*(lambda each=each: submit_draft(each, membership=sales_agent) for each in drafts)))

    assert results == ["already_submitted", "done"]
    assert (Customer.objects.count(), Order.objects.count(), Subscription.objects.count()) == (1, 1, 2)
    assert OrderDraft.objects.get().order == Order.objects.get()


def test_two_orders_that_claim_one_domain_make_one_customer(sales_agent, provider_admin, offer):
    drafts = [draft_of(sales_agent, line(offer)), draft_of(provider_admin, line(offer))]

    results = sorted(at_once(*(lambda each=each: submit_draft(each, membership=sales_agent) for each in drafts)))

    assert results in (["domain_taken", "done"], ["done", "unfinished"])
    assert (Customer.objects.count(), Order.objects.count(), Subscription.objects.count()) == (1, 1, 1)
    assert list(OrderDraft.objects.open().values_list("account__domain_prefix", flat=True)) == ["sakura"]


def test_submit_and_cancel_of_one_draft_do_not_both_happen(sales_agent, offer):
    draft_of(sales_agent, line(offer))
    submitted, cancelled = OrderDraft.objects.get(), OrderDraft.objects.get()

    results = at_once(
        lambda: submit_draft(submitted, membership=sales_agent),
        lambda: cancel_draft(cancelled, actor=sales_agent.user),
    )

    assert results in (["done", "already_submitted"], ["draft_cancelled", "done"])
    placed = results.index("done") == 0
    assert (Order.objects.count(), Customer.objects.count(), OrderDraft.objects.count()) == (placed, placed, placed)


def test_twice_the_click_on_add_subscription_begins_one_draft(sales_agent, relationship):
    code = OrderDraft().code
    customer = relationship.customer

    results = sorted(at_once(*[lambda: begin_draft(code, membership=sales_agent, customer=customer)] * 4))

    assert results == ["done"] * 4
    assert OrderDraft.objects.get().code == code


def test_two_submits_for_an_existing_customer_make_one_order(sales_agent, relationship, offer):
    draft_for(sales_agent, relationship.customer, line(offer))
    drafts = [OrderDraft.objects.get(), OrderDraft.objects.get()]

    results = sorted(at_once(*(lambda each=each: submit_draft(each, membership=sales_agent) for each in drafts)))

    assert results == ["already_submitted", "done"]
    assert rows()["Subscription"] == 1
    assert sorted(Activity.objects.values_list("verb", "refusal")) == [
        ("order_placed", ""),
        ("order_placed", "already_submitted"),
    ]


# What the page says to the one who comes second: a colleague holds the draft while the button is pressed.


@pytest.fixture
def meanwhile(sign_in, sales_agent):
    def meanwhile(draft, colleague, *post):
        """Post as somebody who waits for the draft's row, let the colleague act first, and return the answer."""
        return held_up(
            lambda: sign_in(sales_agent).post(*post),
            by=lambda: hold(draft),
            meanwhile=lambda: colleague(OrderDraft.objects.get(pk=draft.pk)),
        )

    return meanwhile


def _submitted_by_colleague(draft):
    draft.order = OrderFactory()
    draft.save()


def test_submit_of_what_a_colleague_cancels_says_so(meanwhile, sign_in, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    reviewed = sign_in(sales_agent).get(url("review", draft)).context["answers"].version

    answer = meanwhile(draft, lambda draft: draft.delete(), url("submit", draft), {"reviewed": reviewed})

    assert answer["Location"] == reverse("orders:list")
    said = [str(message) for message in answer.wsgi_request._messages]
    assert (said, Customer.objects.count()) == (["This order was canceled in another window."], 0)


def test_submit_of_what_a_colleague_submits_leads_to_what_came_of_it(meanwhile, sign_in, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    reviewed = sign_in(sales_agent).get(url("review", draft)).context["answers"].version

    answer = meanwhile(draft, _submitted_by_colleague, url("submit", draft), {"reviewed": reviewed})

    assert (answer["Location"], Order.objects.count()) == (url("confirmation", draft), 1)


def test_choosing_for_what_a_colleague_submits_leads_to_what_came_of_it(meanwhile, sales_agent, offer):
    draft = draft_of(sales_agent)

    answer = meanwhile(draft, _submitted_by_colleague, url("subscriptions", draft), chosen(offer))

    assert (answer["Location"], OrderDraft.objects.get().lines) == (url("confirmation", draft), [])


def test_account_of_what_a_colleague_submits_leads_to_what_came_of_it(meanwhile, sales_agent, offer):
    draft = draft_of(sales_agent)

    answer = meanwhile(draft, _submitted_by_colleague, url("account", draft), draft.account | {"city": "港区"})

    assert answer["Location"] == url("confirmation", draft)


def test_cancel_of_what_a_colleague_changes_keeps_it(meanwhile, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))

    answer = meanwhile(draft, lambda draft: draft.save(), url("cancel", draft))

    assert (answer.context["refusal"].code, OrderDraft.objects.count()) == ("draft_changed", 1)
