"""The *Customer support profile*: how customers reach whoever supports their subscriptions (domain.md §7.5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import Organisation, User
from accounts.roles import Kind
from activity.log import record
from activity.verbs import Verb
from providers.languages import language_names
from providers.models import Provider
from resellers.models import Reseller, SupportProfile

# For select_related() on a way to an organisation, so that profile_of() asks the database nothing.
PARTS = ("support_profile", "provider", "reseller")


@dataclass(frozen=True)
class SupportContact:
    """A company as its customers may reach it; what is empty is not known."""

    company: str
    phone: PhoneNumber | None
    email: str
    website: str
    hours: str
    languages: tuple[str, ...]
    """Codes; the names are in language_names."""

    @property
    def language_names(self) -> list[str]:
        return language_names(self.languages)


@dataclass(frozen=True)
class Profile:
    """A customer support profile as it was typed."""

    phone: PhoneNumber | str
    email: str
    website: str
    hours: str
    languages: tuple[str, ...]


def profile_of(organisation: Organisation) -> SupportContact:
    """How customers reach a partner: by its support profile, and by the company's own contact where that is silent."""
    own = _own_contact(organisation)
    profile: SupportProfile | None = getattr(organisation, "support_profile", None)
    if profile is None:
        return own
    return SupportContact(
        company=own.company,
        phone=profile.phone or own.phone,
        email=profile.email or own.email,
        website=profile.website or own.website,
        hours=profile.hours,
        languages=tuple(profile.languages) or own.languages,
    )


@transaction.atomic
def change_profile(organisation: Organisation, profile: Profile, *, actor: User) -> list[str]:
    """Make the profile what was typed, and return which fields that changed; customers see it from now on."""
    SupportProfile.objects.get_or_create(organisation=organisation)
    row = SupportProfile.objects.select_for_update().get(organisation=organisation)
    row.organisation = organisation  # which knows its profile as it is now
    changed = _differences(row, profile)
    if changed:
        for name in changed:
            value = getattr(profile, name)
            setattr(row, name, list(value) if name == "languages" else value)
        row.changed_by = actor
        row.save(update_fields=[*changed, "changed_by"])
        record(Verb.SUPPORT_PROFILE_CHANGED, organisation, actor=actor, seen_by=[organisation], fields=changed)
    return changed


def _differences(row: SupportProfile, profile: Profile) -> list[str]:
    names: Iterable[str] = ("phone", "email", "website", "hours")
    changed = [name for name in names if (getattr(row, name) or "") != (getattr(profile, name) or "")]
    return changed + (["languages"] if set(row.languages) != set(profile.languages) else [])


def _own_contact(organisation: Organisation) -> SupportContact:
    name = organisation.name
    if organisation.kind == Kind.PROVIDER:
        provider: Provider = organisation.provider
        spoken = tuple(provider.languages)
        return SupportContact(name, provider.phone or None, provider.email, provider.website, "", spoken)
    if organisation.kind == Kind.RESELLER:
        reseller: Reseller = organisation.reseller
        return SupportContact(name, reseller.contact_phone or None, reseller.contact_email, reseller.website, "", ())
    return SupportContact(name, None, "", "", "", ())
