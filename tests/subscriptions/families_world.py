"""What the random lives of families are lived in: a provider, its price list and markups, a customer, two resellers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Sum

from accounts.roles import Role
from resellers.models import PartnerAccount
from subscriptions.cancelling import cancel, cancellation
from subscriptions.changes import Changes, quote_changes, reactivate, submit_changes, suspend
from subscriptions.conversions import convert, quote_conversion
from subscriptions.markups import Scope, add_markup, change_markup, remove_markup
from subscriptions.models import Charge, LicenceChange, Markup, Offer, RenewalPlan, ResellerOfRecord, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from subscriptions.plans import plan_renewal, withdraw_plan
from subscriptions.quotes import Agreement
from subscriptions.returns import returnable
from subscriptions.upgrades import quote_upgrade, upgrade
from tests.factories import (
    OfferFactory,
    PartnershipFactory,
    ProviderFactory,
    RelationshipFactory,
    member,
    ready_reseller,
)
from tests.subscriptions.market_model import Market, Product
from tests.subscriptions.order_answers import draft_for

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TERMS = {0: "", 1: "P1M", 12: "P1Y", 36: "P3Y"}
BILLED = {0: "one_time", 1: "monthly", 12: "annual", 36: "triennial"}
SHAPES = [(12, 1), (12, 12), (1, 1), (36, 12)]  # months of a term, and of those billed at once
UNITS = {"JPY": Fraction(1), "USD": Fraction(1, 100)}
PRICES = {
    "JPY": [Decimal(text) for text in ("1000", "7", "12345", "0.4")],
    "USD": [Decimal(text) for text in ("10", "9.99", "0.0333", "1234.5678")],
}
MARKUPS = [Decimal(text) for text in ("10", "0", "-100", "33.33", "-12.5", "0.01")] + [None]
# Of whom, and for which product: empty for all of them.
SCOPES = [("", ""), ("A", ""), ("B", ""), ("", "STD"), ("A", "ADD")]


def products(shape, added):
    """A trial, what it becomes, what that is upgraded to, and what is added to those."""
    made = (
        Product("TRY", 1, 1, becomes="STD"),
        Product("STD", *shape, upgrades=("PRO", "TOP")),
        Product("PRO", *shape, upgrades=("TOP",)),
        Product("TOP", *shape),
        Product("ADD", *added, goes_with=("STD", "PRO")),
        Product("ONCE", 0, 0, goes_with=("STD", "PRO", "TOP")),
    )
    return {each.name: each for each in made}


class World:
    """Our side of everything that is done, and how it looks then."""

    def __init__(self, currency, shape, added, prices):
        self.currency = currency
        self.market = Market(products(shape, added), UNITS[currency])
        self.provider = ProviderFactory()
        self.member = member(self.provider.organisation, Role.GLOBAL_ADMIN)
        self.meet()
        self.resellers = {name: ready_reseller(name, number=f"00123{name == 'A':d}") for name in "AB"}
        for reseller in self.resellers.values():
            PartnershipFactory(provider=self.provider, reseller=reseller)
        self.accounts = {
            name: PartnerAccount.objects.get(organisation=each.organisation) for name, each in self.resellers.items()
        }
        self.names = {each.pk: name for name, each in self.resellers.items()}
        for name in self.market.products:
            self.put_on_sale(name, prices.get(name, Decimal(0)), LONG_AGO)

    # What is done by nobody of the family

    def meet(self):
        """A customer who has nothing yet."""
        self.relationship = RelationshipFactory(provider=self.provider)

    def put_on_sale(self, name, price, since):
        product = self.market.products[name]
        category = "trial" if product.becomes else "add_on" if product.goes_with else "enterprise"
        OfferFactory(
            product_id=name,
            sku_title=name,
            term=TERMS[product.term],
            billing=BILLED[product.billed],
            currency=self.currency,
            unit_price=price,
            category=category,
            effective_from=since,
            tags=[
                *(f"Requires:{each}:0001" for each in product.goes_with),
                *(f"UpgradesTo:{each}:0001" for each in product.upgrades),
                *(f"ConvertsTo:{each}:0001" for each in (product.becomes,) if each),
            ],
        )
        self.market.prices.setdefault(name, []).append((since, Fraction(price)))

    def new_price(self, name, price, since):
        said = self.market.prices[name]
        since = max(since, said[-1][0] + timedelta(seconds=1))
        if said[-1][1] is not None:
            last = self.offers(name).latest("effective_from")
            Offer.objects.filter(pk=last.pk).update(effective_to=since)
        if price is None:
            said.append((since, None))
        else:
            self.put_on_sale(name, price, since)

    def set_markup(self, scope, percent, now):
        name, product = scope
        reseller = self.resellers.get(name)
        found = Markup.objects.filter(provider=self.provider, reseller=reseller, product_id=product).first()
        if percent is None and found:
            remove_markup(found, membership=self.member)
        elif found:
            change_markup(found, percent, membership=self.member)
        elif percent is not None:
            add_markup(Scope(reseller, product), percent, membership=self.member)
        said = None if percent is None else Fraction(percent)
        self.market.markups.setdefault(scope, []).append((now, said))

    # What is done to the family

    def order(self, name, count, reseller=""):
        """The base first, with its reseller; after it what is added to it."""
        offer = self.line(name)
        members = self.members()
        line = Line(offer, count, self.accounts.get(reseller), base=members[0] if members else None)
        draft = draft_for(self.member, self.relationship.customer)
        place_order(draft, lines=[line], relationship=self.relationship, actor=self.member.user)

    def act(self, verb, number, *args, agreed=None, **wanted):
        one, by = self.members()[number], {"membership": self.member}
        match verb:
            case "change":
                changes = self.changes(one, **wanted)
                submit_changes(one, changes, revision=one.revision, agreed=agreed, **by)
            case "cancel":
                cancel(one, agreed=agreed, **by)
            case "upgrade":
                upgrade(one, self.line(*args), agreed=agreed, **by)
            case "convert":
                convert(one, self.line(args[0]), args[1], agreed=agreed, **by)
            case "plan":
                plan_renewal(one, offer=self.line(args[0]), licences=args[1], **by)
            case _:
                {"suspend": suspend, "reactivate": reactivate, "unplan": withdraw_plan}[verb](one, **by)

    def quote(self, verb, number, *args, moment, **wanted):
        """What the form carries until it is submitted."""
        one = self.members()[number]
        match verb:
            case "change":
                quote = quote_changes(one, self.changes(one, **wanted), moment=moment)
            case "cancel":
                quote = cancellation(one, moment=moment).quote
            case "upgrade":
                quote = quote_upgrade(one, self.line(*args), moment=moment)
            case "convert":
                quote = quote_conversion(one, self.line(args[0]), args[1], moment=moment)
        return lambda: Agreement.of(quote.agreement.token)

    def changes(self, one, *, more=0, reseller=None, renews=None):
        if reseller is None:
            reseller = self.credited(one)
        return Changes(
            nickname=one.nickname,
            licences=one.licences + more,
            auto_renew=one.auto_renew if renews is None else renews,
            mpn_id=self.accounts[reseller].number if reseller else "",
            support_contact=None,
        )

    # How it looks

    def seen(self, now):
        """Every member, and all charges in the order of the ledger: in as many queries for one as for four."""
        mine = {"subscription__customer": self.relationship.customer}
        charges = list(Charge.objects.filter(**mine).order_by("pk").values())
        plans = {
            each.subscription_id: each for each in RenewalPlan.objects.open().filter(**mine).select_related("offer")
        }
        periods = ResellerOfRecord.objects.current().filter(**mine).select_related("partner_account")
        credited = {each.subscription_id: self.names[each.partner_account.organisation_id] for each in periods}
        counted = LicenceChange.objects.filter(**mine).values_list("subscription").annotate(Sum("difference"))
        members = Subscription.objects.filter(customer=self.relationship.customer).select_related("offer")
        assert dict(counted) == {each.pk: each.licences for each in members}
        base, *add_ons = members.order_by("pk")
        if base.ended_at:
            assert all(each.ended_at and each.ended_at <= base.ended_at for each in add_ons)
        return [
            self.look(
                *(each, [charge for charge in charges if charge["subscription_id"] == each.pk], plans.get(each.pk)),
                *(credited.get(each.pk, ""), now),
            )
            for each in (base, *add_ons)
        ], charges

    def look(self, one, charges, plan, reseller, now):
        found = {
            "product": one.offer.product_id,
            "status": one.status,
            "licences": one.licences,
            "price": Fraction(one.unit_price),
            "ledger": sorted(
                (
                    Fraction(each["amount"]),
                    self.names.get(each["reseller_id"], ""),
                    Fraction(each["resale_amount"] or 0),
                )
                for each in charges
            ),
            "plan": plan and (plan.offer.product_id, plan.licences),
        }
        if not one.ended_at:
            found |= {
                "begin": one.starts_at,
                "end": one.ends_at,
                "reseller": reseller,
                "markup": Fraction(one.markup) if reseller else None,
                "renews": one.auto_renew,
                "charged_until": one.charged_until,
                "due_at": one.due_at,
                "returnable": sum(lot.licences for lot in returnable(one, now)),
            }
        return found

    def members(self):
        return list(Subscription.objects.with_parties().filter(customer=self.relationship.customer).order_by("pk"))

    def credited(self, one):
        period = one.resellers_of_record.filter(ends_at=None).select_related("partner_account").first()
        return self.names[period.partner_account.organisation_id] if period else ""

    def offers(self, name):
        return Offer.objects.filter(product_id=name, currency=self.currency)

    def line(self, name):
        """That of this moment, or the last one when it is not on sale."""
        offers = self.offers(name)
        return offers.on_sale().first() or offers.latest("effective_from")
