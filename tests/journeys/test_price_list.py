"""The operator uploads a price list with errors, corrects and applies it; a provider reads the new prices."""

import csv

import pytest
from playwright.sync_api import expect

from subscriptions import tasks
from subscriptions.models import Offer, PriceListImport
from tests.factories import OfferFactory, UserFactory
from tests.subscriptions.price_lists import line, text_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
JAPAN = {"Market": "JP", "Currency": "JPY"}


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ja", False)])
def test_a_price_list_with_errors(language, scripts, reader, provider_admin, tmp_path):
    old = OfferFactory(sku_title="Fax for everybody")
    operator = UserFactory(email="operator@portal.example", is_staff=True, is_superuser=True, language=language)
    operator.emailaddress_set.create(email=operator.email, verified=True, primary=True)
    window = reader(language=language, scripts=scripts)
    window.page.goto(f"{window.url}/operator/")
    window.sign_in(operator.email)
    expect(window.page.locator("#site-name")).to_be_visible(timeout=20_000)

    upload(window, tmp_path, line(**JAPAN, price="cheap"), line(**JAPAN, sku="0002", Tags="UpgradeTo:X"))
    assert errors(window, tmp_path) == [("2", "UnitPrice", "cheap"), ("3", "Tags", "UpgradeTo:X")]
    upload(window, tmp_path, line(**JAPAN, price="420"), line(**JAPAN, sku="0002", price="990"))
    apply(window)

    assert [str(offer) for offer in Offer.objects.on_sale()] == ["Mail for everybody"] * 2
    old.refresh_from_db()
    assert old.effective_to == PriceListImport.objects.get(state="applied").applied_at
    provider = reader(provider_admin, language=language)
    provider.choose("Price list")
    expect(provider.page.get_by_role("row", name="Mail for everybody").first).to_contain_text("420")


def upload(window, folder, *lines) -> None:
    """The page says that it waits, and the next time it reads itself what the check has found."""
    file = folder / "prices.csv"
    file.write_text(text_of(*lines), encoding="utf-8-sig")
    window.page.goto(f"{window.url}/operator/subscriptions/pricelistimport/add/")
    window.page.locator("input[type=file]").set_input_files(file)
    window.page.locator("#content-main input[type=submit]").click()
    expect(window.page.get_by_role("status")).to_have_text(window.t("Uploaded", "state"))
    tasks.check_price_list(PriceListImport.objects.latest("pk").pk)
    expect(window.page.get_by_role("status")).to_have_text(window.t("Checked"))


def errors(window, folder) -> list[tuple[str, ...]]:
    expect(window.page.locator("form[action$='/apply/']")).to_have_count(0)
    with window.page.expect_download() as download:
        window.page.locator("a[href$='/errors/']").click()
    path = folder / "errors.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row[:3]) for row in list(csv.reader(file))[1:]]


def apply(window) -> None:
    expect(window.page.get_by_role("row", name="Mail for everybody")).to_have_count(2)
    expect(window.page.get_by_role("row", name="Fax for everybody")).to_have_count(1)
    window.page.locator("form[action$='/apply/'] input[type=submit]").click()
    expect(window.page.get_by_role("status")).to_have_text(window.t("Applying"))
    tasks.apply_price_list(PriceListImport.objects.latest("pk").pk)
    expect(window.page.get_by_role("status")).to_have_text(window.t("Applied"))
