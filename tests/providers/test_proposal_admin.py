"""The operator reads what would change, and approves or declines with a reason; nothing can be edited."""

import re

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.test import Client
from django.urls import reverse

from providers.models import ProfileProposal
from tests.factories import ProfileProposalFactory, UserFactory

LIST = "admin:providers_profileproposal_changelist"


@pytest.fixture
def operator(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def proposal(provider):
    return ProfileProposalFactory(provider=provider)


def act(client, action: str, *proposals: ProfileProposal, **typed: str) -> str:
    data = {"action": action, "_selected_action": [each.pk for each in proposals], **typed}
    response = client.post(reverse(LIST), data, follow=True)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_list_and_page_show_what_would_change(operator, proposal):
    for address in (reverse(LIST), reverse("admin:providers_profileproposal_change", args=[proposal.pk])):
        page = operator.get(address).content.decode()
        assert "<strong>Description</strong>: – → As proposed." in page


def test_list_says_of_what_was_decided_only_how(operator, proposal):
    act(operator, "decline_proposals", proposal, reason="No rankings.")

    assert "As proposed." not in operator.get(reverse(LIST)).content.decode()


def test_operator_approves(operator, proposal, provider):
    page = act(operator, "approve_proposals", proposal)

    provider.refresh_from_db()
    assert provider.description == "As proposed."
    assert "Kita: Approved." in page


def test_operator_declines_with_a_reason(operator, proposal):
    page = act(operator, "decline_proposals", proposal, reason="  No   rankings. ")

    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == ("declined", "No rankings.")
    assert "Kita: Declined." in page


def test_declining_without_a_reason_and_twice_is_refused(operator, proposal):
    assert "Kita: Say why: the provider reads it." in act(operator, "decline_proposals", proposal)

    act(operator, "approve_proposals", proposal)
    assert "Kita: This proposal is closed: Approved." in act(operator, "decline_proposals", proposal, reason="No.")


def test_nothing_can_be_edited(operator, proposal):
    address = reverse("admin:providers_profileproposal_change", args=[proposal.pk])

    assert operator.post(address, {"state": "approved"}).status_code == 403
    assert operator.get(reverse("admin:providers_profileproposal_add")).status_code == 403


def test_who_may_only_look_decides_nothing(proposal):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(DjangoPermission.objects.get(codename="view_profileproposal"))
    client = Client()
    client.force_login(user)

    act(client, "approve_proposals", proposal)

    proposal.refresh_from_db()
    assert proposal.state == "open"
