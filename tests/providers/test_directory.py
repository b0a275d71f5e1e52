"""A provider proposes what its entry should say; the operator approves or declines; two at once decide once."""

from dataclasses import replace

import pytest

from accounts.roles import Role
from activity.models import Activity, Sighting
from outbox.models import Notice, OutgoingEmail
from providers.directory import approve, decline, propose, withdraw_proposal
from providers.entries import Entry
from providers.models import ProfileProposal, Provider
from tests.factories import ProfileProposalFactory, ProviderFactory, UserFactory, member
from tests.refusals import refused
from tests.threads import at_once


@pytest.fixture
def operator(db):
    return UserFactory(email="operator@portal.example", is_staff=True)


@pytest.fixture
def proposal(provider, provider_admin):
    return propose(provider, proposed(provider), actor=provider_admin.user)


def proposed(provider: Provider, description: str = "Better.") -> Entry:
    return replace(Entry.of(provider), description=description, languages=("ja",), is_listed=False)


def lines() -> list[tuple[str, str]]:
    return list(Activity.objects.order_by("pk").values_list("verb", "refusal"))


def test_proposal_waits_and_changes_nothing(provider, provider_admin, proposal):
    provider.refresh_from_db()

    assert Entry.of(provider) == Entry("", "", "", "", (), (), is_listed=True)
    assert (proposal.state, Entry.read(proposal.entry)) == ("open", proposed(provider))
    line = Activity.objects.get()
    assert (line.verb, line.actor, line.target) == ("profile_proposed", provider_admin.user, "Kita")
    assert list(Sighting.objects.values_list("organisation", "activity")) == [(provider.pk, line.pk)]


def test_proposal_that_changes_nothing_is_refused(provider, provider_admin):
    refusal = refused(lambda: propose(provider, Entry.of(provider), actor=provider_admin.user))

    assert refusal == "nothing_changes"
    assert not ProfileProposal.objects.exists()
    assert lines() == [("profile_proposed", "nothing_changes")]


def test_second_proposal_takes_the_place_of_the_first(provider, provider_admin, proposal):
    second = propose(provider, proposed(provider, "Best."), actor=provider_admin.user)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("withdrawn", provider_admin.user)
    assert list(provider.proposals.filter(state="open")) == [second]


def test_withdrawn_proposal_is_closed(provider, provider_admin, proposal):
    withdraw_proposal(proposal, actor=provider_admin.user)

    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"
    assert refused(lambda: withdraw_proposal(proposal, actor=provider_admin.user)) == "proposal_closed"
    assert lines()[1:] == [("profile_withdrawn", ""), ("profile_withdrawn", "proposal_closed")]


def test_approved_proposal_becomes_the_entry_and_the_provider_is_told(provider, provider_admin, proposal, operator):
    member(provider.organisation, Role.SALES_AGENT)

    approve(proposal, actor=operator)

    provider.refresh_from_db()
    proposal.refresh_from_db()
    assert Entry.of(provider) == Entry.read(proposal.entry)
    assert (proposal.state, proposal.decided_by) == ("approved", operator)
    notice = Notice.objects.get()
    assert (notice.membership, notice.subject, notice.path) == (provider_admin, "profile_decided", "/directory/own/")
    assert OutgoingEmail.objects.get().subject == "Your directory entry: Approved"


def test_approving_leaves_what_is_not_in_the_entry(provider, proposal, operator):
    Provider.objects.filter(pk=provider.pk).update(email_domain="kita.example")

    approve(proposal, actor=operator)

    provider.refresh_from_db()
    assert provider.email_domain == "kita.example"


def test_declined_proposal_says_why(provider, proposal, operator):
    decline(proposal, reason="No rankings, please.", actor=operator)

    provider.refresh_from_db()
    proposal.refresh_from_db()
    assert provider.description == ""
    assert (proposal.state, proposal.reason) == ("declined", "No rankings, please.")
    mail = OutgoingEmail.objects.get()
    assert mail.subject == "Your directory entry: Declined"
    assert "No rankings, please." in mail.text


def test_declining_needs_a_reason(proposal, operator):
    assert refused(lambda: decline(proposal, reason="", actor=operator)) == "reason_missing"

    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_what_was_decided_stays_decided(proposal, operator):
    approve(proposal, actor=operator)

    assert refused(lambda: approve(proposal, actor=operator)) == "proposal_closed"
    assert refused(lambda: decline(proposal, reason="No.", actor=operator)) == "proposal_closed"


def test_proposals_are_seen_by_their_provider_alone(proposal, provider_admin, stranger, reseller_admin):
    ProfileProposalFactory(provider=stranger.organisation.provider)

    assert list(ProfileProposal.objects.visible_to(provider_admin)) == [proposal]
    assert not ProfileProposal.objects.visible_to(reseller_admin).exists()
    assert not ProfileProposal.objects.visible_to(None).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(4))
def test_approve_and_withdraw_at_the_same_moment(_round):
    provider, operator, author = ProviderFactory(), UserFactory(), UserFactory()
    proposal = ProfileProposalFactory(provider=provider)

    answers = at_once(lambda: approve(proposal, actor=operator), lambda: withdraw_proposal(proposal, actor=author))

    provider.refresh_from_db()
    assert sorted(answers) == ["done", "proposal_closed"]
    assert (provider.description == "As proposed.") == (answers[0] == "done")


@pytest.mark.django_db(transaction=True)
def test_two_propose_at_the_same_moment():
    provider, author = ProviderFactory(), UserFactory()

    answers = at_once(
        *[lambda text=text: propose(provider, proposed(provider, text), actor=author) for text in ("One.", "Two.")]
    )

    assert answers == ["done", "done"]
    assert sorted(provider.proposals.values_list("state", flat=True)) == ["open", "withdrawn"]


def test_provider_sees_itself_alone(provider, provider_admin, stranger):
    assert list(Provider.objects.visible_to(provider_admin)) == [provider]
    assert not Provider.objects.visible_to(None).exists()
