"""The demo's indirect providers list: entries that were proposed and approved, one that waits, one that was declined;
and resellers that ask to be contacted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from accounts.models import Membership, User
from providers.directory import approve, decline, propose
from providers.entries import Entry
from providers.models import ProfileProposal
from resellers.contacts import Contact, ask_to_be_contacted, close_contact
from resellers.models import ContactRequest

_Event = tuple[float, Callable[[], object]]
_KITA = (
    "北クラウドは、日本全国のパートナーにクラウド サービスをお届けするディストリビューターです。"
    "契約前のご相談から、ご注文、導入、サポートまで、販売パートナーの立場に立ってお手伝いします。\n\n"
    "We look after resellers in Japan in Japanese and in English: quotes within a day, migration workshops in "
    "Sapporo, Tokyo and Osaka, and a support desk that answers on weekends."
)
_RHEIN = (
    "Cloud distribution for system houses in Europe.\n\n"
    "Rhein Cloud Distribution has worked with system houses since 1998. Our partner desk in Cologne helps with "
    "licensing, migrations and public tenders; trainings take place every month, in German, English and French."
)


def events(cast: Mapping[str, Membership], members: Mapping[str, Membership], operator: User) -> Iterator[_Event]:
    """What happens, and how many days ago; the companies appear in the mappings before it does."""
    yield 300, partial(_enter, cast, "kita", operator, _KITA, "+81112223344", ("en", "ja"), ("azure", "modern_work"))
    yield (
        299,
        partial(_enter, cast, "rhein", operator, _RHEIN, "+492219876543", ("de", "en", "fr"), ("public_sector",)),
    )
    yield 80, partial(_boast, cast, operator)
    yield 6, partial(_propose, cast)
    yield 12, partial(_ask, cast, members, "kaede", "リモート ワークのお客様が増えています。料金を教えてください。")
    yield 11, partial(_answer, cast)
    yield 5, partial(_ask, cast, members, "momiji", "福岡で学校向けの販売をしています。一度お話を伺えませんか。")


def _enter(
    cast: Mapping[str, Membership],
    key: str,
    operator: User,
    description: str,
    phone: str,
    languages: tuple[str, ...],
    specialities: tuple[str, ...],
) -> ProfileProposal:
    staff = cast[key]
    entry = replace(
        Entry.of(staff.organisation.provider),
        description=description,
        phone=phone,
        languages=languages,
        specialities=specialities,
    )
    return approve(propose(staff.organisation.provider, entry, actor=staff.user), actor=operator)


def _boast(cast: Mapping[str, Membership], operator: User) -> None:
    staff = cast["rhein"]
    staff.organisation.provider.refresh_from_db()
    entry = replace(Entry.of(staff.organisation.provider), description="Europe's best distributor.")
    proposal = propose(staff.organisation.provider, entry, actor=staff.user)
    decline(proposal, reason="Please say what you offer; the list has no room for rankings.", actor=operator)


def _propose(cast: Mapping[str, Membership]) -> None:
    staff = cast["kita"]
    staff.organisation.provider.refresh_from_db()
    entry = Entry.of(staff.organisation.provider)
    changed = replace(
        entry,
        languages=("en", "ja", "ko"),
        specialities=(*entry.specialities, "education"),
        website="https://kita.example/partners/",
    )
    propose(staff.organisation.provider, changed, actor=staff.user)


def _ask(cast: Mapping[str, Membership], members: Mapping[str, Membership], key: str, message: str) -> None:
    member = members[key]
    contact = Contact(member.user.get_full_name(), member.user.email, message)
    ask_to_be_contacted(cast["kita"].organisation.provider, contact, membership=member)


def _answer(cast: Mapping[str, Membership]) -> None:
    row = ContactRequest.objects.visible_to(cast["kita"]).filter(closed_at=None).earliest("created_at")
    close_contact(row, actor=cast["kita"].user)
