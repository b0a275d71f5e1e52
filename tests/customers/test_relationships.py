"""A relationship is requested by a partner, and accepted or declined by a customer that exists already."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.roles import Role
from activity.models import Activity
from customers.drafts import draft_text
from customers.models import CustomerAgreement, Delegation, Relationship, RelationshipRequest
from customers.relationships import accept_request, decline_request, request_relationship
from outbox.models import LINK, Notice
from outbox.requests import Draft, edit
from resellers.models import Partnership
from tests.factories import (
    CustomerFactory,
    PartnershipFactory,
    ProviderFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    member,
    ready_reseller,
)
from tests.links import CLOSED
from tests.refusals import refused

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def won(db):
    """A customer of nobody, and its Global admin."""
    customer = CustomerFactory(organisation__name="Aoba", primary_domain="aoba.onmicrosoft.com")
    return member(customer.organisation, Role.GLOBAL_ADMIN, email="admin@aoba.onmicrosoft.com", name="青葉 花子")


@pytest.fixture
def request_row(provider):
    return RelationshipRequestFactory(provider=provider)


@pytest.fixture
def joint_request(partnership):
    """Made by the reseller."""
    return RelationshipRequestFactory(
        provider=partnership.provider, reseller=partnership.reseller, by_reseller=True, includes_admin=True
    )


def accept(request, membership, *, with_privileges=True):
    return accept_request(request, membership=membership, with_privileges=with_privileges)


def lines() -> list[tuple]:
    return [(each.verb, each.result, each.refusal) for each in Activity.objects.order_by("pk")]


def seen_by(activity: Activity) -> set:
    return set(activity.sightings.values_list("organisation__name", flat=True))


def delegations(**conditions) -> list[tuple[str, str]]:
    rows = Delegation.objects.active().filter(**conditions).order_by("partner__name", "privilege")
    return [(each.partner.name, each.privilege) for each in rows]


def told() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("membership__user__email")
    return [(each.membership.user.email, each.subject, each.path) for each in rows]


# Requesting


@time_machine.travel(NOW, tick=False)
def test_request_is_drafted_at_once_for_one_use_and_90_days_with_the_privileges(provider, sales_agent):
    request = request_relationship(provider, language="en", actor=sales_agent.user)

    assert request.subject == "Request for a reseller relationship from Kita"
    assert request.message.count(LINK) == 1
    assert "Kita would like to look after your company's cloud services" in request.message
    assert "includes delegated administration privileges" in request.message
    assert request.message.endswith(f"Kind regards\n{sales_agent.user.name}\nKita")
    assert (request.max_uses, request.includes_admin, request.by_reseller) == (1, True, False)
    assert request.expires_at == NOW + timedelta(days=90)
    assert lines() == [("relationship_requested", "done", "")]
    assert seen_by(Activity.objects.get()) == {"Kita"}


def test_request_of_a_reseller_names_both_companies_and_is_known_to_both(partnership, reseller_admin):
    request = request_relationship(
        partnership.provider,
        reseller=partnership.reseller,
        by_reseller=True,
        language="en",
        actor=reseller_admin.user,
    )

    assert request.subject == "Request for a reseller relationship from Sakura"
    assert "Sakura and Kita would like to look after your company's cloud services together" in request.message
    assert request.message.endswith("\nSakura")
    assert request.sender == partnership.reseller.organisation
    assert seen_by(Activity.objects.get()) == {"Kita", "Sakura"}


@pytest.mark.parametrize("by_reseller", [True, False])
def test_request_together_needs_a_partnership(partnership, sales_agent, by_reseller):
    Partnership.objects.update(ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    code = refused(
        request_relationship,
        partnership.provider,
        reseller=partnership.reseller,
        by_reseller=by_reseller,
        language="en",
        actor=sales_agent.user,
    )

    assert code == "not_partners"
    assert RelationshipRequest.objects.count() == 0
    assert lines() == [("relationship_requested", "refused", "not_partners")]


def test_request_of_a_company_with_a_percent_sign_and_a_long_name_is_drafted(provider, sales_agent):
    provider.organisation.name = "100%s Kita " + "K" * 189

    request = request_relationship(provider, language="en", actor=sales_agent.user)

    assert "100%s Kita" in request.message
    assert len(request.subject) == 200


def test_options_draft_an_unedited_message_anew(partnership, sales_agent):
    request = request_relationship(partnership.provider, language="en", actor=sales_agent.user)
    options = {"includes_admin": False, "reseller": partnership.reseller}

    edited = edit(request, Draft(request.subject, request.message, options=options), draft_text)

    edited.refresh_from_db()
    assert (edited.includes_admin, edited.reseller) == (False, partnership.reseller)
    assert "does not include delegated administration privileges" in edited.message
    assert "Sakura and Kita would like" in edited.message


def test_options_leave_what_a_person_wrote(request_row):
    edited = edit(request_row, Draft("Subject", f"Dear all, {LINK}", options={"includes_admin": False}), draft_text)

    assert (edited.includes_admin, edited.subject, edited.message) == (False, "Subject", f"Dear all, {LINK}")


# Accepting


@time_machine.travel(NOW, tick=False)
def test_accept_makes_the_customer_the_providers(request_row, won, provider_admin):
    relationship = accept(request_row, won)

    relationship.refresh_from_db()
    assert (relationship.provider, relationship.customer, relationship.reseller) == (
        request_row.provider,
        won.organisation.customer,
        None,
    )
    assert (relationship.company_name, relationship.primary_domain) == ("Aoba", "aoba.onmicrosoft.com")
    assert relationship.search_text == f"aoba aoba.onmicrosoft.com {won.organisation_id}"
    assert (relationship.request, relationship.created_by) == (request_row, won.user)
    assert delegations() == [("Kita", "delegated_admin")]
    assert list(Relationship.objects.visible_to(provider_admin)) == [relationship]
    request_row.refresh_from_db()
    assert (request_row.uses, request_row.state) == (1, "accepted")


@time_machine.travel(NOW, tick=False)
def test_accept_records_that_the_customer_accepted_the_agreement_on_that_day(request_row, won):
    accept(request_row, won)

    agreement = CustomerAgreement.objects.get()
    assert (agreement.customer, agreement.provider, agreement.source) == (
        won.organisation.customer,
        request_row.provider,
        "accepted",
    )
    assert (agreement.first_name, agreement.email, agreement.recorded_by) == ("青葉 花子", won.user.email, won.user)
    assert agreement.agreed_on == date(2026, 3, 1)


def test_accept_is_in_the_log_of_all_who_are_there(joint_request, won, stranger):
    accept(joint_request, won)

    [line] = Activity.objects.all()
    assert (line.verb, line.result, line.affected) == ("relationship_started", "done", won.organisation)
    assert seen_by(line) == {"Kita", "Sakura", "Aoba"}
    assert line.details == {
        "request": str(joint_request.code),
        "provider": "Kita",
        "reseller": "Sakura",
        "privilege": "delegated_admin",
    }


def test_accept_together_ties_the_customer_to_both(joint_request, won, reseller_admin):
    relationship = accept(joint_request, won)

    assert relationship.reseller == joint_request.reseller
    assert delegations() == [("Kita", "delegated_admin"), ("Sakura", "delegated_admin")]
    assert list(Relationship.objects.visible_to(reseller_admin)) == [relationship]


def test_accept_without_privileges_gives_no_access(joint_request, won):
    relationship = accept(joint_request, won, with_privileges=False)

    assert relationship.reseller == joint_request.reseller
    assert Delegation.objects.count() == 0
    assert "privilege" not in Activity.objects.get().details


def test_accept_gives_no_privileges_that_were_not_asked_for(provider, won):
    accept(RelationshipRequestFactory(provider=provider, includes_admin=False), won, with_privileges=True)

    assert Delegation.objects.count() == 0


def test_accept_leaves_what_the_reseller_has_through_another_provider(joint_request, won):
    other = ProviderFactory(organisation__name="Minami", organisation__country="JP")
    PartnershipFactory(provider=other, reseller=joint_request.reseller)
    RelationshipFactory(provider=other, reseller=joint_request.reseller, customer=won.organisation.customer)
    had = Delegation.objects.get(partner=joint_request.reseller_id)

    accept(joint_request, won)

    assert Delegation.objects.get(partner=joint_request.reseller_id) == had
    assert delegations() == [
        ("Kita", "delegated_admin"),
        ("Minami", "delegated_admin"),
        ("Sakura", "delegated_admin"),
    ]


def test_accept_tells_the_sender(request_row, won, sales_agent, billing_admin):
    accept(request_row, won)

    page = reverse("customers:account", args=[won.organisation_id])
    assert told() == [(sales_agent.user.email, "link_accepted", page)]
    assert Notice.objects.get().names == {"company": "Aoba", "sender": "Kita"}


def test_accept_of_a_resellers_link_tells_the_provider_of_its_new_customer(
    joint_request, won, sales_agent, reseller_admin
):
    accept(joint_request, won)

    page = reverse("customers:account", args=[won.organisation_id])
    assert told() == [
        (reseller_admin.user.email, "link_accepted", page),
        (sales_agent.user.email, "relationship_started", page),
    ]


def test_accept_a_link_for_many_makes_each_a_customer(provider, won):
    request = RelationshipRequestFactory(provider=provider, max_uses=None)
    other = member(CustomerFactory().organisation, Role.GLOBAL_ADMIN)

    accept(request, won)
    accept(request, other)

    request.refresh_from_db()
    assert (request.uses, request.is_open) == (2, True)
    assert Relationship.objects.count() == 2


def test_accept_again_after_the_end_with_a_new_link(request_row, won):
    RelationshipFactory(
        provider=request_row.provider,
        customer=won.organisation.customer,
        ended_at=datetime(2026, 1, 1, tzinfo=UTC),
        administered=False,
    )

    relationship = accept(request_row, won)

    assert Relationship.objects.get(ended_at=None) == relationship


@pytest.mark.parametrize(("code", "changes"), CLOSED.items())
def test_closed_request_takes_no_answer(provider, won, changes, code):
    request = RelationshipRequestFactory(provider=provider, **changes)

    assert refused(accept, request, won) == code
    assert refused(decline_request, request, membership=won) == code
    assert Relationship.objects.count() == 0
    assert lines() == [("relationship_started", "refused", code), ("relationship_declined", "refused", code)]


def test_accept_of_somebody_else_is_refused_and_changes_nothing(request_row, won, provider_admin, reseller_admin):
    agent = member(won.organisation, Role.USER_ADMIN)

    assert refused(accept, request_row, agent) == "role_missing"
    assert refused(accept, request_row, provider_admin) == "own_company"
    assert refused(accept, request_row, reseller_admin) == "wrong_kind"
    assert (Relationship.objects.count(), Notice.objects.count()) == (0, 0)
    request_row.refresh_from_db()
    assert request_row.uses == 0


def test_accept_after_the_partnership_has_ended_is_refused(joint_request, won):
    Partnership.objects.update(ended_at=datetime(2999, 1, 1, tzinfo=UTC))

    assert refused(accept, joint_request, won) == "partnership_ended"
    assert Relationship.objects.count() == 0


# Declining


def test_decline_closes_the_link_and_tells_the_sender_why(joint_request, won, reseller_admin, provider_admin):
    decline_request(joint_request, membership=won, reason="Not now.")

    joint_request.refresh_from_db()
    assert (joint_request.state, joint_request.decline_reason) == ("declined", "Not now.")
    assert lines() == [("relationship_declined", "done", "")]
    assert seen_by(Activity.objects.get()) == {"Kita", "Sakura", "Aoba"}
    assert told() == [(reseller_admin.user.email, "link_declined", reverse("customers:requests"))]
    assert Notice.objects.get().names == {"company": "Aoba", "reason": "Not now."}


def test_decline_of_a_link_for_many_leaves_it_open(provider, won):
    request = RelationshipRequestFactory(provider=provider, max_uses=None)

    decline_request(request, membership=won)

    request.refresh_from_db()
    assert request.is_open


def test_decline_needs_the_role_and_the_kind(request_row, won, reseller_admin):
    agent = member(won.organisation, Role.USER_ADMIN)

    assert refused(decline_request, request_row, membership=agent) == "role_missing"
    assert refused(decline_request, request_row, membership=reseller_admin) == "role_missing"
    assert request_row.is_open
    assert Activity.objects.last().affected is None


def test_reseller_of_another_provider_asks_for_itself_only(partnership, stranger, won):
    other = ready_reseller("Mosel", country="DE", region="europe")
    request = RelationshipRequestFactory(provider=stranger.organisation.provider, reseller=other)

    assert refused(accept, request, won) == "partnership_ended"


def test_request_is_seen_by_its_sender_only(joint_request, request_row, provider_admin, reseller_admin, won, stranger):
    seen = {
        each: list(RelationshipRequest.objects.visible_to(each))
        for each in (provider_admin, reseller_admin, won, stranger, None)
    }

    assert seen == {
        provider_admin: [request_row],
        reseller_admin: [joint_request],
        won: [],
        stranger: [],
        None: [],
    }
