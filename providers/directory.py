"""A provider's own entry in the indirect providers list: it proposes, the operator approves or declines.

The seed (step 1) has a provider ask its representative for every change; domain.md §14 (#24) asks for a way to do that
in the portal. The rule stays: nothing is in the list before the operator has approved it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from activity.log import attempt
from activity.verbs import Verb
from outbox.notices import notify
from outbox.subjects import Subject
from providers.entries import Entry
from providers.models import ProfileProposal, Provider

State = ProfileProposal.State


def propose(provider: Provider, entry: Entry, *, actor: User) -> ProfileProposal:
    """Ask the operator to make this the entry. One proposal is open at a time: the one before it counts as withdrawn.

    Refused with nothing_changes when it says what the list says already.
    """
    organisation = provider.organisation
    with attempt(Verb.PROFILE_PROPOSED, organisation, actor=actor, seen_by=[organisation], affected=organisation):
        current = _locked(provider)
        if entry == Entry.of(current):
            raise ValidationError(_("This is what the list says already: nothing would change."), "nothing_changes")
        if before := current.proposals.filter(state=State.OPEN).first():
            _close(before, State.WITHDRAWN, actor)
        return ProfileProposal.objects.create(provider=current, entry=entry.as_json(), proposed_by=actor)


def withdraw_proposal(proposal: ProfileProposal, *, actor: User) -> ProfileProposal:
    """Take the proposal back. Refused with proposal_closed once it was decided, withdrawn or replaced."""
    with _deciding(Verb.PROFILE_WITHDRAWN, proposal, actor) as open_proposal:
        return _close(open_proposal, State.WITHDRAWN, actor)


def approve(proposal: ProfileProposal, *, actor: User) -> ProfileProposal:
    """Make the proposed entry the entry; whoever acts for the provider is told. Refused with proposal_closed."""
    with _deciding(Verb.PROFILE_APPROVED, proposal, actor) as open_proposal:
        Entry.read(open_proposal.entry).apply_to(open_proposal.provider)
        decided = _close(open_proposal, State.APPROVED, actor)
        _tell(decided, actor)
        return decided


def decline(proposal: ProfileProposal, *, reason: str, actor: User) -> ProfileProposal:
    """Leave the entry as it is and say why; whoever acts for the provider is told.

    Refused with reason_missing, and with proposal_closed.
    """
    with _deciding(Verb.PROFILE_DECLINED, proposal, actor, reason=reason) as open_proposal:
        if not reason:
            raise ValidationError(_("Say why: the provider reads it."), "reason_missing")
        decided = _close(open_proposal, State.DECLINED, actor, reason)
        _tell(decided, actor)
        return decided


@contextmanager
def _deciding(verb: Verb, proposal: ProfileProposal, actor: User, **details: str) -> Iterator[ProfileProposal]:
    """The proposal as it is now, open and held, while its line of the log is written."""
    organisation = proposal.provider.organisation
    with attempt(verb, organisation, actor=actor, seen_by=[organisation], affected=organisation, **details):
        provider = _locked(proposal.provider)
        now = ProfileProposal.objects.get(pk=proposal.pk)
        if now.state != State.OPEN:
            raise ValidationError(
                _("This proposal is closed: %(state)s."),
                "proposal_closed",
                {"state": now.get_state_display()},
            )
        now.provider = provider
        yield now


def _locked(provider: Provider) -> Provider:
    # The provider's row stands for its entry and its proposals: whoever changes one of them holds it.
    locked = Provider.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    return locked.get(pk=provider.pk)


def _close(proposal: ProfileProposal, state: ProfileProposal.State, actor: User, reason: str = "") -> ProfileProposal:
    proposal.state, proposal.reason = state, reason
    proposal.decided_by, proposal.decided_at = actor, timezone.now()
    proposal.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return proposal


def _tell(proposal: ProfileProposal, actor: User) -> None:
    notify(
        Subject.PROFILE_DECIDED,
        proposal.provider.organisation,
        holding=Permission.ACT_FOR_COMPANY,
        path=reverse("directory:own"),
        actor=actor,
        state=f"profile_{proposal.state}",
        reason=proposal.reason,
    )
