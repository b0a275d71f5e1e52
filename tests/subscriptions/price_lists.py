"""A price list to be uploaded, as a file and as lines, for the tests of its way into the portal."""

import csv
import io
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile

from subscriptions.models import Offer, PriceListImport
from subscriptions.price_list import apply as price_list_apply
from tests.factories import UserFactory

LINE = {
    "ProductTitle": "Mail",
    "ProductId": "CFQ7TTC0X001",
    "SkuId": "0001",
    "SkuTitle": "Mail for everybody",
    "Publisher": "Microsoft Corporation",
    "SkuDescription": "Mail and calendar.",
    "TermDuration": "P1Y",
    "BillingPlan": "Monthly",
    "Market": "DE",
    "Currency": "EUR",
    "UnitPrice": "4.20",
    "PricingTierRangeMin": "1",
    "PricingTierRangeMax": "300",
    "EffectiveStartDate": "2025-01-01",
    "EffectiveEndDate": "9999-12-31",
    "Tags": "Enterprise",
    "ERP Price": "5.04",
    "Segment": "Commercial",
}
NO_END = datetime(9999, 12, 31, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def line(**changes: str) -> dict[str, str]:
    """A line; columns by their names in the file, a few of them shorter."""
    short = {"sku": "SkuId", "price": "UnitPrice", "starts": "EffectiveStartDate", "ends": "EffectiveEndDate"}
    return LINE | {short.get(name, name): value for name, value in changes.items()}


def text_of(*lines: dict[str, str], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(LINE), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def file_of(*lines: dict[str, str]) -> io.BytesIO:
    return io.BytesIO(text_of(*lines).encode())


def zip_of(files: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def uploaded(*lines: dict[str, str], file: io.BytesIO | None = None) -> PriceListImport:
    return price_list_apply.upload(file or file_of(*lines), name="prices.csv", actor=UserFactory())


def checked(*lines: dict[str, str], file: io.BytesIO | None = None) -> PriceListImport:
    price_list = uploaded(*lines, file=file)
    price_list_apply.check(price_list.pk)
    return PriceListImport.objects.get(pk=price_list.pk)


def applied(*lines: dict[str, str]) -> PriceListImport:
    price_list = checked(*lines)
    price_list_apply.request_apply(price_list, actor=price_list.uploaded_by)
    price_list_apply.apply(price_list.pk)
    return PriceListImport.objects.get(pk=price_list.pk)


def counts(price_list: PriceListImport) -> tuple[int, int, int, int]:
    """New, changed, unchanged and withdrawn."""
    return price_list.new, price_list.changed, price_list.same, price_list.withdrawn


def problems(price_list: PriceListImport) -> list[tuple[int, str, str, str]]:
    return list(price_list.problems.order_by("number", "id").values_list("number", "column", "code", "value"))


def periods(**filters: str) -> list[tuple[str, datetime, datetime]]:
    """What is in the price list: price, first moment and end, in the order of time."""
    offers = Offer.objects.filter(**filters).order_by("sku_id", "effective_from")
    return [(f"{offer.unit_price:.2f}", offer.effective_from, offer.effective_to) for offer in offers]
