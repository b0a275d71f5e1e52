"""The life of a base and its add-ons in plain Python, written from the rules and from nothing of ours.

With a reseller of record and its markups, products that one upgrades to, trials, and money of two decimals or none.
What life_model.py knows of one subscription is told here again for several; neither reads the other.
"""

from datetime import datetime
from fractions import Fraction
from math import floor

from dateutil.relativedelta import relativedelta

from tests.subscriptions.market_model import WINDOW, Lot, Market, Member, Paid, must

HALF = Fraction(1, 2)


class Household:
    """A base and what is added to it: months are counted from one anchor, the term ends for all at once."""

    def __init__(self, market: Market, product: str, count: int, reseller: str, now: datetime) -> None:
        self.market, self.reseller, self.anchor, self.renews = market, reseller, now, True
        self.end = market.products[product].term  # months since the anchor
        self.add_ons: list[Member] = []
        self.base = self._join(product, count, now)

    @property
    def members(self) -> list[Member]:
        return [self.base, *self.add_ons]

    @property
    def living(self) -> list[Member]:
        return [each for each in self.members if not each.is_over]

    @property
    def ends_at(self) -> datetime:
        return self.month(self.end)

    @property
    def due(self) -> datetime | None:
        """When something is to be done next."""
        return min((self.month(each.paid_until) for each in self.living if each.product.term), default=None)

    def month(self, number: int) -> datetime:
        return self.anchor + relativedelta(months=number)

    def look(self, member: Member, now: datetime) -> dict[str, object]:
        """What anybody could see of it: of what is over, little."""
        found: dict[str, object] = {
            "product": member.product.name,
            "status": member.status,
            "licences": member.count,
            "price": member.price,
            "ledger": sorted(member.ledger),
            "plan": member.plan,
        }
        if member.is_over:
            return found
        has_term = bool(member.product.term)
        return found | {
            "begin": member.begin,
            "end": self.ends_at,
            "reseller": self.reseller,
            "markup": member.markup if self.reseller else None,
            "renews": has_term and self.renews,
            "charged_until": self.month(member.paid_until) if has_term else None,
            "due_at": self.due if member is self.base else None,
            "returnable": member.returnable(now),
        }

    # What time does

    def pass_time(self, now: datetime) -> None:
        while (at := self.due) and at <= now:
            for each in self.members:
                if each.product.term and not each.is_over and self.month(each.paid_until) == at:
                    self._go_on(each, at)

    def _go_on(self, member: Member, at: datetime) -> None:
        if at < self.ends_at:
            self._charge_all(member, at)
            return
        assert member is self.base, "what the base renews, or ends, is not due any more"
        if member.status == "suspended":
            self._end("cancelled")
        elif not self.renews or not self._next(member, at):
            self._end("expired")
        else:
            self._renew(at)

    def _renew(self, at: datetime) -> None:
        """The base begins a term, and every add-on with it that is still sold."""
        following = [(each, self._next(each, at)) for each in self.living if each.product.term]
        product, _count = following[0][1] or ("", 0)
        self.end += self.market.products[product].term
        for each, found in following:
            if not found or (each is not self.base and product not in each.product.goes_with):
                each.status, each.plan = "expired", None
                continue
            each.product, each.count = self.market.products[found[0]], found[1]
            each.plan, each.begin = None, at
            self._take_price(each, at)
            each.lots = []
            charge = self._charge_all(each, at)
            each.lots = [Lot(each.count, at, charge)]

    def _next(self, member: Member, at: datetime) -> tuple[str, int] | None:
        """What it renews with. A plan for what is not sold then is as if there were none."""
        if member.plan and self.market.price(member.plan[0], at) is not None:
            return member.plan
        name = member.product.becomes or member.product.name
        return (name, member.count) if self.market.price(name, at) is not None else None

    def _end(self, status: str) -> None:
        for each in self.living:
            each.status, each.plan = status, None

    # What people do

    def order(self, product: str, count: int, now: datetime) -> None:
        must(self.base.status == "active" and self.base.product.name in self.market.products[product].goes_with)
        self.add_ons.append(self._join(product, count, now))

    def change(
        self, member: Member, now: datetime, *, more: int = 0, reseller: str | None = None, renews: bool | None = None
    ) -> None:
        """Everything of one form: all of it or nothing, billed to whoever is credited from now on."""
        must(not member.is_over)
        credits_ = reseller is not None and reseller != self.reseller
        turns = renews is not None and renews != bool(member.product.term and self.renews)
        must(member is self.base or not (credits_ or turns))
        if more:
            must(member.status == "active" and member.count + more <= member.product.most)
            must(-more <= member.returnable(now))
        if credits_:
            self._credit(reseller or "", now)
        if more:
            self._count(member, more, now)
        if turns:
            self._turn_renewal()

    def _credit(self, reseller: str, now: datetime) -> None:
        self.reseller = reseller
        for each in self.living:
            each.markup = self.market.markup(reseller, each.product.name, now)

    def _count(self, member: Member, more: int, now: datetime) -> None:
        """A change at once makes what is scheduled pointless."""
        member.plan = None
        if more > 0:
            charge = self._charge(member, more, now, is_added=True)
            member.lots.append(Lot(more, now, charge))
            member.count += more
        else:
            self._give_back(member, -more, now)

    def _turn_renewal(self) -> None:
        self.renews = not self.renews
        for each in self.living:
            each.plan = each.plan if self.renews else None

    def cancel(self, member: Member, now: datetime) -> None:
        must(not member.is_over and now < member.begin + WINDOW)
        for each in self.living if member is self.base else [member]:
            for paid in each.running(now):
                # What is bought once is given back while its own hours run, whatever becomes of its base.
                if paid.end is not None or now < paid.begin + WINDOW:
                    self._refund(each, paid, paid.left, now)
            each.status, each.plan = "cancelled", None

    def suspend(self, member: Member) -> None:
        must(member is self.base and member.status == "active")
        for each in self.living:
            each.status = "suspended"

    def reactivate(self, member: Member) -> None:
        must(member is self.base and member.status == "suspended")
        for each in self.living:
            each.status = "active"

    def plan(self, member: Member, product: str, count: int, now: datetime) -> None:
        own = member.product
        must(member.status == "active" and own.term and self.renews)
        wanted = (own.becomes,) if own.becomes else (own.name, *own.upgrades)
        must(product in wanted and self.market.price(product, now) is not None)
        must((product, count) != (own.name, member.count) and own.least <= count <= own.most)
        must(member is not self.base or product == own.name or self._goes_along(product))
        member.plan = (product, count)

    def unplan(self, member: Member) -> None:
        must(member.plan)
        member.plan = None

    def upgrade(self, member: Member, product: str, now: datetime) -> None:
        must(member.status == "active" and product in member.product.upgrades)
        must(self.market.price(product, now) is not None)
        must(self._goes_along(product))
        self._become(member, product, now)
        charge = self._charge_all(member, now)
        for lot in member.lots:
            lot.charge = charge

    def convert(self, member: Member, product: str, count: int, now: datetime) -> None:
        """A trial becomes what is paid for, and begins anew."""
        must(member.status == "active" and product == member.product.becomes and len(self.living) == 1)
        must(self.market.price(product, now) is not None and 1 <= count <= self.market.products[product].most)
        self._become(member, product, now)
        self.anchor, self.end, self.renews = now, member.product.term, True
        member.begin, member.count = now, count
        charge = self._charge_all(member, now)
        member.lots = [Lot(count, now, charge)]

    # How

    def _goes_along(self, product: str) -> bool:
        """Whether everything that is added goes with another product as well."""
        return all(product in each.product.goes_with for each in self.living if each is not self.base)

    def _join(self, product: str, count: int, now: datetime) -> Member:
        member = Member(self.market.products[product], count, now)
        must(self.market.price(product, now) is not None and member.product.least <= count <= member.product.most)
        self._take_price(member, now)
        charge = self._charge_all(member, now)
        member.lots = [Lot(count, now, charge)]
        return member

    def _become(self, member: Member, product: str, now: datetime) -> None:
        for paid in member.running(now):
            self._refund(member, paid, paid.left, now)
        member.product, member.plan = self.market.products[product], None
        self._take_price(member, now)

    def _take_price(self, member: Member, at: datetime) -> None:
        price = self.market.price(member.product.name, at)
        assert price is not None
        member.price, member.markup = price, self.market.markup(self.reseller, member.product.name, at)

    def _charge_all(self, member: Member, at: datetime) -> Paid:
        return self._charge(member, member.count, at, is_added=False)

    def _charge(self, member: Member, count: int, at: datetime, *, is_added: bool) -> Paid:
        """Until the billing period ends that runs at the moment; its months are counted back from the end of term."""
        end, length, rest = None, Fraction(1), Fraction(1)
        if member.product.term:
            last = self.end
            while self.month(last - member.product.period) > at:
                last -= member.product.period
            member.paid_until, end = last, self.month(last)
            length = Fraction((end - self.month(last - member.product.period)).total_seconds())
            rest = Fraction((end - at).total_seconds()) / length
        resale = Fraction(floor(member.price * (100 + member.markup) * 100 + HALF), 10_000)  # four places
        paid = Paid(at, end, length, count, member.price, resale, self.reseller, is_added)
        cost, bill = (floor(price * count * rest / self.market.unit + HALF) for price in (member.price, resale))
        member.paid.append(paid)
        self._post(member, paid, cost, bill)
        return paid

    def _give_back(self, member: Member, count: int, now: datetime) -> None:
        """The oldest first: from what was charged for them since the running period began, else from its own charge."""
        running = member.running(now)
        main = next((paid for paid in reversed(running) if not paid.is_added), None)
        undone: dict[Paid, int] = {}
        for lot in member.open_lots(now):
            taken = min(lot.count, count)
            lot.count, count, member.count = lot.count - taken, count - taken, member.count - taken
            charge = lot.charge if lot.charge in running else main
            assert charge is not None or not taken
            if taken and charge:
                undone[charge] = undone.get(charge, 0) + taken
        for paid, licences in undone.items():
            self._refund(member, paid, licences, now)

    def _refund(self, member: Member, paid: Paid, count: int, now: datetime) -> None:
        rest = Fraction((paid.end - now).total_seconds()) / paid.length if paid.end else Fraction(1)
        paid.left -= count
        assert paid.left >= 0
        cost, bill = (-floor(price * count * rest / self.market.unit) for price in (paid.price, paid.resale))
        self._post(member, paid, cost, bill)

    def _post(self, member: Member, paid: Paid, cost: int, bill: int) -> None:
        unit = self.market.unit
        member.ledger.append((cost * unit, paid.reseller, bill * unit if paid.reseller else Fraction(0)))
