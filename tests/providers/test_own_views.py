"""A provider's own entry: reviewed, a change proposed, shown before it is proposed, withdrawn."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from outbox.models import Notice
from providers.directory import decline
from providers.models import ProfileProposal
from tests.factories import ProfileProposalFactory, UserFactory
from tests.pages import shown_text
from tests.refusals import codes_on

OWN, PROPOSE, PREVIEW = "/directory/own/", "/directory/own/propose/", "/directory/own/propose/preview/"
TYPED = {
    "description": "Cloud for resellers.",
    "website": "https://kita.example/",
    "email": "partners@kita.example",
    "phone": "011-222-3344",
    "languages": ["ja", "en"],
    "specialities": ["azure"],
    "is_listed": "on",
}
ENTRY = {**TYPED, "phone": "+81112223344", "languages": ["en", "ja"], "is_listed": True}


def withdraw(proposal) -> str:
    return reverse("directory:withdraw", args=[proposal.code])


def test_entry_is_shown_as_everybody_sees_it(provider, provider_admin, sign_in):
    provider.description = "Cloud for resellers."
    provider.save()

    page = shown_text(sign_in(provider_admin).get(OWN))

    assert "Ask your representative to change it, or propose the change here" in page
    assert "Cloud for resellers. Location Japan" in page
    assert "Propose a change" in page
    assert "Your proposal" not in page


def test_settings_lead_to_the_entry(provider_admin, sign_in):
    assert f'href="{OWN}"' in sign_in(provider_admin).get("/account-settings/").content.decode()


def test_entry_that_is_not_listed_or_empty_says_so(provider, provider_admin, sign_in):
    provider.is_listed = False
    provider.save()

    page = shown_text(sign_in(provider_admin).get(OWN))

    assert "The entry is not in the list" in page
    assert "The entry has no description" in page
    assert "See it in the list" not in page


def test_change_is_proposed_and_waits(provider, provider_admin, sign_in):
    client = sign_in(provider_admin)
    response = client.post(PROPOSE, TYPED)

    proposal = ProfileProposal.objects.get()
    assert response.url == OWN
    assert (proposal.provider, proposal.state, proposal.proposed_by) == (provider, "open", provider_admin.user)
    assert proposal.entry == ENTRY
    page = shown_text(client.get(OWN))
    assert "Your proposal Waiting for the operator" in page
    assert "Description – Cloud for resellers." in page
    assert "Languages – English, Japanese" in page


def test_change_is_shown_before_it_is_proposed(provider_admin, sign_in):
    response = sign_in(provider_admin).post(PREVIEW, TYPED)

    assert "What would change Field Before After Description – Cloud for resellers. Website –" in shown_text(response)
    assert 'value="011-222-3344"' in response.content.decode()
    assert not ProfileProposal.objects.exists()


def test_preview_of_nothing_says_so(provider_admin, sign_in):
    assert "Nothing: this is what the list says already." in shown_text(
        sign_in(provider_admin).post(PREVIEW, {"is_listed": "on"})
    )


def test_proposing_nothing_is_refused_on_the_page(provider_admin, sign_in):
    response = sign_in(provider_admin).post(PROPOSE, {"is_listed": "on"})

    assert response.context["form"].non_field_errors().as_data()[0].code == "nothing_changes"


@pytest.mark.parametrize("address", [PROPOSE, PREVIEW])
def test_every_mistake_stands_beside_its_field_and_nothing_typed_is_lost(provider_admin, sign_in, address):
    wrong = {
        "description": "x" * 2501,
        "website": "no address",
        "email": "nobody",
        "phone": "12",
        "languages": ["xx"],
        "specialities": ["magic"],
    }
    response = sign_in(provider_admin).post(address, wrong)

    assert codes_on(response) == {
        "description": ["max_length"],
        "website": ["invalid"],
        "email": ["invalid"],
        "phone": ["invalid"],
        "languages": ["invalid_choice"],
        "specialities": ["invalid_choice"],
    }
    assert 'value="no address"' in response.content.decode()
    assert not ProfileProposal.objects.exists()


def test_form_begins_with_the_open_proposal_and_takes_its_place(provider, provider_admin, sign_in):
    before = ProfileProposalFactory(provider=provider)
    client = sign_in(provider_admin)

    page = client.get(PROPOSE)
    client.post(PROPOSE, TYPED)

    assert page.context["form"]["description"].value() == "As proposed."
    assert "What you propose now takes its place." in shown_text(page)
    before.refresh_from_db()
    assert before.state == "withdrawn"
    assert ProfileProposal.objects.get(state="open").entry == ENTRY


def test_proposal_is_withdrawn_once(provider, provider_admin, sign_in):
    proposal = ProfileProposalFactory(provider=provider)
    client = sign_in(provider_admin)

    first = shown_text(client.post(withdraw(proposal), follow=True))
    second = shown_text(client.post(withdraw(proposal), follow=True))

    assert "Your proposal is withdrawn; the entry stays as it is." in first
    assert "This proposal is closed: Withdrawn." in second


def test_decision_and_reason_are_shown(provider, provider_admin, sign_in):
    decline(ProfileProposalFactory(provider=provider), reason="No rankings.", actor=UserFactory())

    page = shown_text(sign_in(provider_admin).get(OWN))

    assert re.search(r"Earlier proposals .* Declined .* No rankings\.", page)
    assert Notice.objects.get().path == OWN


def test_proposal_that_says_what_the_list_says_by_now(provider, provider_admin, sign_in):
    proposal = ProfileProposalFactory(provider=provider)
    provider.description = proposal.entry["description"]
    provider.save()

    assert "The entry says all of this by now." in shown_text(sign_in(provider_admin).get(OWN))


def test_own_page_costs_the_same_for_any_history(provider, provider_admin, sign_in):
    ProfileProposalFactory(provider=provider)
    client = sign_in(provider_admin)
    counts = []
    for rows in (1, 2):
        for _row in range(rows):
            ProfileProposalFactory(provider=provider, state="declined", decided_by=UserFactory())
        with CaptureQueriesContext(connection) as queries:
            client.get(OWN)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


def test_who_does_not_act_for_the_company_reads_only(provider, billing_admin, sign_in):
    proposal = ProfileProposalFactory(provider=provider)
    client = sign_in(billing_admin)

    page = client.get(OWN)

    assert "Roles that may do this: Global admin" in shown_text(page)
    assert withdraw(proposal) not in page.content.decode()
    assert [client.get(PROPOSE).status_code, client.post(PREVIEW, TYPED).status_code] == [403, 403]
    assert [client.post(PROPOSE, TYPED).status_code, client.post(withdraw(proposal)).status_code] == [403, 403]
    assert ProfileProposal.objects.get().state == "open"


def test_strangers_proposal_does_not_exist(provider, stranger, provider_admin, sign_in):
    theirs = ProfileProposalFactory(provider=stranger.organisation.provider)
    client = sign_in(provider_admin)

    assert client.post(withdraw(theirs)).status_code == 404
    assert "As proposed." not in client.get(OWN).content.decode()
    assert "As proposed." not in client.get(PROPOSE).content.decode()
    theirs.refresh_from_db()
    assert theirs.state == "open"
