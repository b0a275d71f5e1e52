"""A provider's partners to choose one from: a list while they are few, a name or an MPN ID that is typed beyond that.

A list of three thousand weighs more than all the rest of its page, so beyond MOST_CHOICES nobody gets one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import BigIntegerField, Case, F, FilteredRelation, Func, Q, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import listed
from resellers.models import Reseller

MOST_CHOICES = 100
MOST_SUGGESTIONS = 20
_MOST_NAMED = 3  # in a refusal
_LONGEST = 300  # of what is looked up; no name and no label is as long
_NUMBER = re.compile(r"[0-9]{1,12}")
_LABEL = re.compile(r"(.*)\(\D*([0-9]{1,12})\)", re.DOTALL)
_IDENTITY, _NAME, _BEGINNING, _PART = range(4)  # how well a partner answers to what was typed, best first


class Partner(NamedTuple):
    """A reseller: its Microsoft ID, its name, and the MPN ID that it is credited by, empty when it has none."""

    pk: UUID
    name: str
    number: str

    @property
    def label(self) -> str:
        if not self.number:
            return self.name
        return _("%(name)s (ID: %(number)s)") % {"name": self.name, "number": self.number}


class Partners:
    """Whom a member may choose: nobody, or an active partner of its provider; with is_credit only those with an MPN ID.

    A choice is a Microsoft ID, with is_credit an MPN ID. Nothing is read before it is asked for, nothing twice. Without
    is_offered there is nobody to choose but who is kept.
    """

    def __init__(
        self, membership: Membership, *, nobody: str = "", is_credit: bool = False, is_offered: bool = True
    ) -> None:
        self.membership, self.nobody = membership, nobody
        self.is_credit, self.is_offered = is_credit, is_offered
        self._kept: dict[Partner, str] = {}
        self._found: dict[str, Partner | ValidationError | None] = {"": None, _folded(nobody): None}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The choices of a list, nobody first."""
        yield "", self.nobody
        for partner in [] if self.are_many else self._first:
            yield self.choice(partner), self.label(partner)
        for partner, label in self._kept.items():
            yield self.choice(partner), label

    @property
    def are_many(self) -> bool:
        """Whether they are more than a list should have."""
        return len(self._first) > MOST_CHOICES

    def keep(self, partner: Partner, *, ended: str) -> None:
        """Go on offering who is chosen now. One who is no partner any more (design.md §4.9) is said by the label."""
        current = [each for each in self._first if self.choice(each) == self.choice(partner)]
        if self.are_many and not current:
            rows = self._rows.filter(pk=partner.pk).values_list(*Partner._fields)
            current = [each for each in (Partner(*row) for row in rows) if self.choice(each) == self.choice(partner)]
        if current:
            self._learn(current[0])
            return
        self._kept[partner] = ended if self.is_offered else self.label(partner)
        self._learn(partner, self._kept[partner])

    def choice(self, partner: Partner) -> str:
        return partner.number if self.is_credit else str(partner.pk)

    def label(self, partner: Partner) -> str:
        """The partner as the page says it: with its MPN ID where that is chosen, or where it tells many apart."""
        shown = partner.label if self.is_credit or self.are_many else partner.name
        return self._kept.get(partner, shown)

    def words(self, text: str) -> str:
        """The label of what was chosen or typed; the text itself when it is nobody's."""
        try:
            partner = self.find(text)
        except ValidationError:
            return "" if id_from(text) else text
        return self.label(partner) if partner else self.nobody

    def find(self, text: str) -> Partner | None:
        """Who was chosen, or typed: a label, an MPN ID, a name, or the beginning of only one; None for nobody.

        Refused with partner_unknown when that is none of the partners, and with partner_unclear, naming some whose name
        has what was typed, when it does not say which.
        """
        self.look_up([text])
        found = self._found[_folded(text)]
        if isinstance(found, ValidationError):
            raise found
        return found

    def number(self, text: str) -> str:
        """The MPN ID of who was chosen or typed. One that is no partner's is returned as well: eligibility.py refuses
        it, and knows whose it is.
        """
        plain = _plain(text)
        if plain.isascii() and plain.isdigit():
            return plain
        try:
            partner = self.find(text)
        except ValidationError as refusal:
            label = _LABEL.fullmatch(plain)
            if label and refusal.code == "partner_unknown":
                return label[2]
            raise
        return partner.number if partner else ""

    def reseller(self, pk: UUID) -> Reseller | None:
        """The reseller itself, when it can be chosen."""
        resellers = Reseller.objects.select_related("organisation")
        if pk not in {partner.pk for partner in self._kept}:
            resellers = resellers.visible_to(self.membership) if self.is_offered else resellers.none()
        return resellers.filter(pk=pk).first()

    def look_up(self, texts: Iterable[str]) -> None:
        """Find all of these with one query; find() and number() remember."""
        new = {folded: text for text in texts if (folded := _folded(text)) not in self._found}
        queries = [
            self._answering(text).annotate(asked=Value(position)).values_list("asked", "fit", *Partner._fields)
            for position, text in enumerate(new.values())
        ]
        if not queries:
            return
        queries = [query[: _MOST_NAMED + 1] for query in queries]
        rows = list(queries[0].union(*queries[1:], all=True) if queries[1:] else queries[0])
        rows.sort(key=lambda row: (row[0], row[1], row[3], row[2]))
        for position, (folded, text) in enumerate(new.items()):
            self._found[folded] = _decided(
                text, [(fit, Partner(*row)) for asked, fit, *row in rows if asked == position]
            )

    def like(self, text: str) -> list[str]:
        """The labels of the partners to suggest for what has been typed so far, the likeliest first."""
        rows = self._answering(text).values_list(*Partner._fields)[:MOST_SUGGESTIONS]
        return [Partner(*row).label for row in rows]

    @cached_property
    def _first(self) -> list[Partner]:
        """All of them, or enough to know that they are too many."""
        if not self.is_offered:
            return []
        rows = self._rows.order_by("name", "pk").values_list(*Partner._fields)
        found = [Partner(*row) for row in rows[: MOST_CHOICES + 1]]
        for partner in found:
            self._learn(partner)
        return found

    @property
    def _rows(self) -> Any:
        account = Q(organisation__partner_accounts__is_associated=True)
        rows: Any = Reseller.objects.visible_to(self.membership) if self.is_offered else Reseller.objects.none()
        rows = rows.alias(account=FilteredRelation("organisation__partner_accounts", condition=account))
        rows = rows.annotate(name=F("organisation__name"), number=Coalesce("account__number", Value("")))
        return rows.exclude(number="") if self.is_credit else rows

    def _answering(self, text: str) -> Any:
        """Those that answer to the text in some way, with how well, best first; of the empty text, all."""
        plain = _plain(text)
        fits: list[tuple[Q, int]] = [
            (Q(plain_name__iexact=plain), _NAME),
            (Q(plain_name__istartswith=plain), _BEGINNING),
            (Q(plain_name__icontains=plain), _PART),
        ]
        label = _LABEL.fullmatch(plain)
        if identity := id_from(plain):
            fits = [(Q(pk=identity), _IDENTITY)]
        elif _NUMBER.fullmatch(plain):
            number = plain.lstrip("0") or plain
            fits = [(Q(numeric=int(plain)), _IDENTITY), *fits, (Q(account__number__contains=number), _PART)]
        elif label:
            fits = [(Q(numeric=int(label[2])), _IDENTITY), *fits]
        rows = self._rows.alias(
            plain_name=Func(F("organisation__name"), template="normalize(%(expressions)s, NFKC)"),
            numeric=Cast("account__number", BigIntegerField()),
        )
        any_fit = Q()
        for condition, _fit in fits:
            any_fit |= condition
        fit = Case(*(When(condition, then=Value(fit)) for condition, fit in fits))
        return rows.filter(any_fit).annotate(fit=fit).order_by("fit", "name", "pk")

    def _learn(self, partner: Partner, *also: str) -> None:
        for text in filter(None, (str(partner.pk), partner.number, *also)):
            self._found[_folded(text)] = partner


def id_from(text: str) -> UUID | None:
    """The Microsoft ID that the text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _decided(text: str, answers: list[tuple[int, Partner]]) -> Partner | ValidationError:
    """The one whom the text means, of those that answer to it; a number means an MPN ID and never a name."""
    plain = _plain(text)
    best = [partner for fit, partner in answers if fit == answers[0][0]]
    is_enough = bool(answers) and answers[0][0] <= (_IDENTITY if _NUMBER.fullmatch(plain) else _BEGINNING)
    label = _LABEL.fullmatch(plain)
    if label and answers and answers[0][0] == _IDENTITY:
        is_enough = _folded(label[1]) == _folded(best[0].name)  # one of the two may have been typed over
    if is_enough and len(best) == 1:
        return best[0]
    if not answers:
        return ValidationError(
            _("“%(text)s” is none of your partners. Type a name or an MPN ID."),
            "partner_unknown",
            {"text": plain},
        )
    names = listed(partner.label for _fit, partner in answers[:_MOST_NAMED])
    return ValidationError(
        _("“%(text)s” does not say which partner. Did you mean one of these: %(names)s?"),
        "partner_unclear",
        {"text": plain, "names": names},
    )


def _plain(text: str) -> str:
    """The text in one width, spaced once."""
    return " ".join(unicodedata.normalize("NFKC", text.replace("\0", "")[:_LONGEST]).split())


def _folded(text: str) -> str:
    return _plain(text).casefold()
