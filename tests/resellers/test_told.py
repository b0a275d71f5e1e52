"""Who is told of what becomes of links, partnerships and enrollments (issue 3, point 8)."""

import pytest

from accounts.roles import Role
from outbox.models import Notice
from outbox.sentences import sentences_of
from resellers.enrolment import decide_enrolment
from resellers.models import Reseller
from resellers.partnerships import accept_request, decline_request, end_partnership
from tests.factories import PartnershipRequestFactory, UserFactory, member


def told() -> list[tuple]:
    notices = Notice.objects.order_by("pk").select_related("membership__user")
    return [(each.subject, each.membership.user.email, each.names, each.path) for each in notices]


@pytest.fixture
def request_(provider, sales_agent, billing_admin, stranger):
    return PartnershipRequestFactory(provider=provider)


def test_the_provider_is_told_that_a_link_was_accepted(request_, sales_agent, reseller_admin):
    accept_request(request_, membership=reseller_admin)

    assert told() == [("link_accepted", sales_agent.user.email, {"company": "Sakura"}, "/resellers/")]


@pytest.mark.parametrize(("reason", "shown"), [("Too far.", "Too far."), ("", "–")])
def test_the_provider_is_told_that_a_link_was_declined(request_, sales_agent, reseller_admin, reason, shown):
    decline_request(request_, membership=reseller_admin, reason=reason)

    names = {"company": "Sakura", "reason": shown}
    assert told() == [("link_declined", sales_agent.user.email, names, "/resellers/requests/")]


def test_both_sides_own_people_are_told_of_the_end_but_not_whoever_did_it(
    partnership, provider_admin, sales_agent, billing_admin, reseller_admin, customer_admin, stranger
):
    member(partnership.reseller.organisation, Role.BILLING_ADMIN)

    end_partnership(partnership, actor=provider_admin.user)

    assert told() == [
        ("partnership_ended", sales_agent.user.email, {"company": "Sakura"}, "/resellers/"),
        ("partnership_ended", reseller_admin.user.email, {"company": "Kita"}, "/resellers/providers/"),
    ]


@pytest.mark.parametrize(
    ("decision", "english"),
    [
        (Reseller.Enrolment.SUSPENDED, "The enrollment of Sakura: Suspended"),
        (Reseller.Enrolment.REJECTED, "The enrollment of Sakura: Rejected"),
    ],
)
def test_a_reseller_is_told_what_was_decided_as_its_readers_read_it(reseller_admin, decision, english):
    reseller = reseller_admin.organisation.reseller
    member(reseller.organisation, Role.HELPDESK_AGENT)

    decide_enrolment(reseller, decision, actor=UserFactory())

    names = {"company": "Sakura", "state": f"enrolment_{decision.value}"}
    assert told() == [("enrolment_decided", reseller_admin.user.email, names, "/resellers/enrolment/")]
    assert sentences_of("enrolment_decided", names)[0] == english
