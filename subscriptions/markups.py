"""Markups: which one of a provider counts for a reseller, what that makes of its prices, and how they are set.

A markup counts for what is bought or renewed from then on: a subscription keeps the one that counted when its term or
its credit began, so that setting one never rewrites the past (design.md §7). What it was before is kept for renewals
that run late. A reseller sees the prices that come of it, and never the markup or the provider's own price.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from activity.log import Line, attempt
from activity.verbs import Verb
from resellers.models import Reseller
from subscriptions.models import Markup, Offer, PastMarkup

LEAST, MOST = Decimal(-100), Decimal(1000)  # percent; the database refuses others as well


class Markups:
    """Those of one provider that can count for one reseller (or for resellers in general), read in one query.

    The most special counts: one for the reseller before one for all, and of those one for the SKU before one for the
    product family before one for everything.
    """

    def __init__(
        self, provider_id: UUID, reseller_id: UUID | None, found: Iterable[Markup | PastMarkup] | None = None
    ) -> None:
        if found is None:
            found = Markup.objects.filter(Q(reseller=None) | Q(reseller=reseller_id), provider=provider_id)
        self._found: dict[tuple[bool, str, str], list[Markup | PastMarkup]] = {}
        for each in found:
            self._found.setdefault((each.reseller_id is not None, each.product_id, each.sku_id), []).append(each)

    def percent(self, offer: Offer, moment: datetime | None = None) -> Decimal:
        """What is added to the price of the offer now, or was at a moment, in percent; zero where nothing was said."""
        for is_own in (True, False):
            for product_id, sku_id in ((offer.product_id, offer.sku_id), (offer.product_id, ""), ("", "")):
                for each in self._found.get((is_own, product_id, sku_id), ()):
                    if each.counts_at(moment):
                        return each.percent
        return Decimal(0)


def markups_of(
    pairs: Iterable[tuple[UUID, UUID | None]], since: datetime | None = None
) -> dict[tuple[UUID, UUID | None], Markups]:
    """The markups of several pairs of provider and reseller, in one query for all of them; in two with those that
    have counted since a moment of the past and do no more.
    """
    pairs = set(pairs)
    providers, resellers = {provider for provider, _reseller in pairs}, {reseller for _provider, reseller in pairs}
    of_them = Q(reseller=None) | Q(reseller__in=resellers - {None}), Q(provider__in=providers)
    rows: list[Markup | PastMarkup] = [*Markup.objects.filter(*of_them)]
    if since and since < timezone.now():
        rows += PastMarkup.objects.filter(*of_them, ends_at__gt=since)
    found: dict[tuple[UUID, UUID | None], list[Markup | PastMarkup]] = {}
    for each in rows:
        found.setdefault((each.provider_id, each.reseller_id), []).append(each)
    return {
        (provider, reseller): Markups(
            provider, reseller, [*found.get((provider, None), []), *found.get((provider, reseller), [])]
        )
        for provider, reseller in pairs
    }


@dataclass(frozen=True)
class Scope:
    """What a markup is for: one reseller or all, and an SKU, a product family (no SKU) or everything (neither)."""

    reseller: Reseller | None = None
    product_id: str = ""
    sku_id: str = ""

    @classmethod
    def of(cls, markup: Markup) -> "Scope":
        return cls(markup.reseller, markup.product_id, markup.sku_id)

    @property
    def item(self) -> str:
        """The product family, or the SKU as tags of the price list name it; empty for everything."""
        return f"{self.product_id}:{self.sku_id}" if self.sku_id else self.product_id


def add_markup(scope: Scope, percent: Decimal, *, membership: Membership) -> Markup:
    """Add percent to the prices of a scope, for purchases and renewals from now on.

    Refused with markup_exists when there is one for exactly this scope, also when somebody is quicker: then that one is
    to be changed, so that nobody undoes unseen what a colleague set.
    """
    assert LEAST <= percent <= MOST, "the form refuses it beside its field"
    with _attempt(scope, old="", new=_words(percent), membership=membership):
        try:
            with transaction.atomic():
                return Markup.objects.create(
                    provider=membership.organisation.provider,
                    reseller=scope.reseller,
                    product_id=scope.product_id,
                    sku_id=scope.sku_id,
                    percent=percent,
                    set_by=membership.user,
                )
        except IntegrityError:
            raise ValidationError(
                _("There is a markup for exactly this already. Change that one."), "markup_exists"
            ) from None


def change_markup(markup: Markup, percent: Decimal, *, membership: Membership) -> None:
    """Set another percentage, for purchases and renewals from now on. Refused with markup_gone once it is removed."""
    with _attempt(Scope.of(markup), old=_words(markup.percent), new=_words(percent), membership=membership) as line:
        current = _held(markup)
        line.details["old"] = _words(current.percent)
        line.is_written = current.percent == percent  # nothing happens, so nothing is written
        if not line.is_written:
            now = _keep(current)
            current.percent, current.set_by, current.set_at = percent, membership.user, now
            current.save(update_fields=["percent", "set_by", "set_at"])


def remove_markup(markup: Markup, *, membership: Membership) -> None:
    """Let it count from now on no more. Refused with markup_gone when it is removed already.

    A markup is a setting, not a record: what was sold by it keeps its own (Subscription.markup).
    """
    with _attempt(Scope.of(markup), old=_words(markup.percent), new="", membership=membership) as line:
        current = _held(markup)
        line.details["old"] = _words(current.percent)
        _keep(current)
        current.delete()


def _keep(markup: Markup) -> datetime:
    """Remember that it counted until this moment, for renewals that are due before and run after."""
    now = timezone.now()
    PastMarkup.objects.create(
        provider_id=markup.provider_id,
        reseller_id=markup.reseller_id,
        product_id=markup.product_id,
        sku_id=markup.sku_id,
        percent=markup.percent,
        starts_at=markup.set_at,
        ends_at=now,
    )
    return now


def _held(markup: Markup) -> Markup:
    """The markup as it is now, held until the transaction ends."""
    found = Markup.objects.select_for_update().filter(pk=markup.pk).first()
    if found is None:
        raise ValidationError(_("This markup was removed meanwhile."), "markup_gone")
    return found


def _words(percent: Decimal) -> str:
    return f"{percent:+.2f} %"


def _attempt(scope: Scope, *, old: str, new: str, membership: Membership) -> AbstractContextManager[Line]:
    """The line in the log: read by the provider alone, also where it is about one reseller."""
    reseller = scope.reseller.organisation if scope.reseller else None
    return attempt(
        Verb.MARKUP_CHANGED,
        scope.item or _("Everything"),
        actor=membership.user,
        seen_by=[membership.organisation],
        affected=reseller,
        reseller=reseller.name if reseller else "",
        old=old,
        new=new,
    )
