"""What the indirect providers list says of a provider: the entry as it is, as proposed, and what differs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber

from accounts.roles import listed
from providers.languages import language_names
from providers.models import Provider, Speciality


@dataclass(frozen=True)
class Entry:
    """A whole entry, as a proposal holds it (domain.md §12)."""

    description: str
    website: str
    email: str
    phone: str
    languages: tuple[str, ...]
    specialities: tuple[str, ...]
    is_listed: bool

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """The entry as it is."""
        return cls.read({each.name: getattr(provider, each.name) for each in fields(cls)})

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From a provider's fields, from what was typed, or from a proposal's JSON: equal entries are equal."""
        return cls(
            description="\n".join(str(values["description"]).splitlines()).strip(),
            website=str(values["website"]),
            email=str(values["email"]),
            phone=str(getattr(values["phone"], "as_e164", values["phone"]) or ""),
            languages=tuple(sorted(values["languages"])),
            specialities=tuple(sorted(values["specialities"])),
            is_listed=bool(values["is_listed"]),
        )

    def as_json(self) -> dict[str, Any]:
        """For ProfileProposal.entry."""
        return {**asdict(self), "languages": list(self.languages), "specialities": list(self.specialities)}

    def apply_to(self, provider: Provider) -> None:
        """Make it the provider's entry. The caller holds the provider's row."""
        for name, value in self.as_json().items():
            setattr(provider, name, value)
        provider.save(update_fields=list(self.as_json()))


@dataclass(frozen=True)
class Difference:
    """A line of an entry that would change, in the reader's language."""

    label: str | Promise
    before: str
    after: str


_LABELS: dict[str, str | Promise] = {
    "description": _("Description"),
    "website": _("Website"),
    "email": _("Email address"),
    "phone": _("Phone number"),
    "languages": _("Languages"),
    "specialities": _("Specialities"),
    "is_listed": _("In the indirect providers list"),
}


def differences(before: Entry, after: Entry) -> list[Difference]:
    """What would change, in the order in which an entry is read; nothing for equal entries."""
    return [
        Difference(label, _words(name, getattr(before, name)), _words(name, getattr(after, name)))
        for name, label in _LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]


def speciality_names(codes: Iterable[str]) -> list[str]:
    """The names in the order in which they are chosen; a code that nobody knows is left out."""
    chosen = set(codes)
    return [str(each.label) for each in Speciality if each.value in chosen]


def _words(name: str, value: Any) -> str:
    match name:
        case "languages":
            return listed(language_names(value)) or "–"
        case "specialities":
            return listed(speciality_names(value)) or "–"
        case "is_listed":
            return gettext("Yes") if value else gettext("No")
        case "phone" if value:
            return str(PhoneNumber.from_string(value).as_international)
    return str(value) or "–"
