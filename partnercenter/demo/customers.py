"""The demo's customers, from customers.csv, with what they ordered and what became of it."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.utils import timezone

from accounts.models import Membership
from customers.models import CustomerAgreement
from resellers.models import PartnerAccount, Reseller
from subscriptions.models import Offer, OrderDraft, Subscription
from subscriptions.ordering.steps import begin_draft, keep_lines, submit_draft
from subscriptions.price_list import load_price_list

FOLDER = Path(__file__).parent
# What customers.csv calls the offers: product, SKU, term and billing frequency; the rest follows the customer.
OFFERS = {
    "basic": ("CFQ7TTC0X001", "0001", "P1Y", "monthly"),
    "basic-monthly": ("CFQ7TTC0X001", "0001", "P1M", "monthly"),
    "basic-annual": ("CFQ7TTC0X001", "0001", "P1Y", "annual"),
    "standard": ("CFQ7TTC0X002", "0001", "P1Y", "monthly"),
    "standard-monthly": ("CFQ7TTC0X002", "0001", "P1M", "monthly"),
    "standard-annual": ("CFQ7TTC0X002", "0001", "P1Y", "annual"),
    "standard-trial": ("CFQ7TTC0X002", "0T01", "P1M", "monthly"),
    "premium": ("CFQ7TTC0X003", "0001", "P1Y", "monthly"),
    "premium-annual": ("CFQ7TTC0X003", "0001", "P1Y", "annual"),
    "business-apps": ("CFQ7TTC0X004", "0001", "P1Y", "monthly"),
    "e1": ("CFQ7TTC0X005", "0001", "P1Y", "monthly"),
    "f3": ("CFQ7TTC0X007", "0001", "P1Y", "monthly"),
    "e3": ("CFQ7TTC0X008", "0001", "P1Y", "monthly"),
    "e3-three-years": ("CFQ7TTC0X008", "0001", "P3Y", "triennial"),
    "e3-trial": ("CFQ7TTC0X008", "0T01", "P1M", "monthly"),
    "e5": ("CFQ7TTC0X009", "0001", "P1Y", "monthly"),
    "e5-annual": ("CFQ7TTC0X009", "0001", "P1Y", "annual"),
    "exchange1": ("CFQ7TTC0X010", "0001", "P1Y", "monthly"),
    "exchange2": ("CFQ7TTC0X010", "0002", "P1Y", "monthly"),
    "entra": ("CFQ7TTC0X013", "0001", "P1Y", "monthly"),
    "intune": ("CFQ7TTC0X014", "0001", "P1Y", "monthly"),
    "power-bi": ("CFQ7TTC0X015", "0001", "P1Y", "monthly"),
    "project": ("CFQ7TTC0X017", "0001", "P1Y", "monthly"),
    "visio": ("CFQ7TTC0X018", "0001", "P1Y", "monthly"),
    "phone": ("CFQ7TTC0X019", "0001", "P1Y", "monthly"),
    "defender": ("CFQ7TTC0X020", "0001", "P1Y", "monthly"),
    "storage": ("CFQ7TTC0X021", "0001", "P1Y", "monthly"),
    "faculty": ("CFQ7TTC0X022", "0001", "P1Y", "annual"),
    "students": ("CFQ7TTC0X022", "0002", "P1Y", "annual"),
    "azure": ("DZH318Z0X001", "0001", "", "none"),
    "windows-server": ("DG7GMGF0X001", "0001", "", "one_time"),
}
_FORM_FIELDS = (
    *("company_name", "domain_prefix", "last_name", "first_name", "country", "state", "city", "postal_code"),
    *("address_line1", "language"),
)


def read_customers() -> list[dict[str, str]]:
    """The rows of customers.csv, oldest customer first."""
    with (FOLDER / "customers.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def load_offers() -> int:
    """The demo's price list, with invented prices."""
    with (FOLDER / "price_list.csv").open(encoding="utf-8", newline="") as rows:
        return load_price_list(csv.DictReader(rows))


def answers_of(row: Mapping[str, str], reseller: Reseller | None) -> dict[str, str]:
    """What somebody types on the page New customer."""
    attested_on = timezone.localdate()
    return {name: row[name] for name in _FORM_FIELDS} | {
        "email": f"office@{row['domain_prefix']}.example",
        "qualification": "education" if "students" in row["offers"] else "none",
        "reseller": str(reseller.pk) if reseller else "",
        "agreement": CustomerAgreement.Source.ATTESTED,
        "agreement_first_name": row["first_name"],
        "agreement_last_name": row["last_name"],
        "agreement_email": f"office@{row['domain_prefix']}.example",
        "agreement_date": attested_on.isoformat(),
    }


def begin_order(row: Mapping[str, str], *, membership: Membership, reseller: Reseller | None) -> OrderDraft:
    """What one leaves behind after the pages New customer and New subscription."""
    draft = begin_draft(None, membership=membership, account=answers_of(row, reseller))
    keep_lines(draft, list(_typed_lines(row, reseller)))
    return draft


def add_customer(row: Mapping[str, str], *, membership: Membership, reseller: Reseller | None) -> list[Subscription]:
    """One customer with its first order, submitted by this person; returns its subscriptions."""
    receipt = submit_draft(begin_order(row, membership=membership, reseller=reseller), membership=membership)
    return list(Subscription.objects.filter(order_line__order=receipt.order).order_by("pk"))


def _typed_lines(row: Mapping[str, str], reseller: Reseller | None) -> Iterator[dict[str, str]]:
    number = ""
    if reseller:
        number = PartnerAccount.objects.get(organisation=reseller.pk, is_associated=True).number
    codes = _codes()
    for wish in row["offers"].split():
        name, _star, licences = wish.partition("*")
        code = codes[*OFFERS[name.removesuffix(f"-{row['country'].lower()}")], row["country"]]
        yield {"offer": code, "licences": licences, "reseller": number, "mpn_id": ""}


def _codes() -> dict[tuple[str, ...], str]:
    """The codes of what is on sale by product, SKU, term, billing frequency and market."""
    fields = ("product_id", "sku_id", "term", "billing", "market", "code")
    return {tuple(key): str(code) for *key, code in Offer.objects.on_sale().values_list(*fields)}
