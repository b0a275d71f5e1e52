"""Licences that were added are given back within 168 hours, for what they cost; after that they stay."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import expect

from subscriptions.models import Charge, LicenceChange
from tests.subscriptions.lives import bought

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
REFUSAL = (
    "Licenses can be given back within 168 hours of being added. "
    "At this moment %(most)s can be given back, so at least %(least)s stay."
)
NONE_LEFT = "No licenses can be given back now: that is possible within 168 hours of adding them."


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ja", False)])
def test_a_reduction_inside_and_outside_the_window(language, scripts, reader, relationship, provider_admin):
    subscription = bought(relationship, f"{timezone.now() - timedelta(days=10):%Y-%m-%d %H:%M}")
    window = reader(provider_admin, language=language, scripts=scripts)
    window.choose("Subscriptions")
    window.follow(subscription.nickname)
    window.sees(window.t(NONE_LEFT))

    change(window, subscription, "13", shows="What it costs")
    refuse(window, "9", most=3, least=10)  # those ten are there for longer
    change(window, subscription, "11", shows="What is given back")
    eight_days_pass(subscription)
    window.page.reload()
    window.sees(window.t(NONE_LEFT))
    refuse(window, "10", most=0, least=11)

    subscription.refresh_from_db()
    bought_for, added, refund = Charge.objects.filter(subscription=subscription).order_by("pk")
    assert (subscription.licences, added.licences, refund.licences) == (11, 3, 2)
    assert (bought_for.kind, added.kind, refund.kind, refund.undoes) == ("purchase", "licences_added", "refund", added)
    assert 0 < -refund.amount <= added.amount * 2 / 3
    window.page.goto(f"{window.url}{subscription.get_absolute_url()}history/?show=licenses")
    expect(window.page.locator("main")).to_contain_text("13")


def change(window, subscription, licences: str, *, shows: str) -> None:
    """Nothing happens before the page has said what it costs, or what is given back."""
    before = subscription.licences
    window.fill("Licenses", licences)
    window.press("Submit")
    window.sees_heading("Review")
    expect(window.page.get_by_role("heading", name=window.t(shows))).to_be_visible()
    subscription.refresh_from_db()
    assert subscription.licences == before
    window.press("Submit")
    window.sees_heading(subscription.nickname)
    subscription.refresh_from_db()
    assert subscription.licences == int(licences)


def refuse(window, licences: str, **numbers: int) -> None:
    """Said at the field, with what was typed still in it."""
    window.fill("Licenses", licences)
    window.press("Submit")
    window.sees(window.t(REFUSAL) % numbers)
    expect(window.page.get_by_role("spinbutton", name=window.t("Licenses"))).to_have_value(licences)


def eight_days_pass(subscription) -> None:
    """For what was added just now; the purchase is long ago already."""
    added = LicenceChange.objects.filter(subscription=subscription, changed_at__gt=subscription.starts_at)
    added.update(changed_at=F("changed_at") - timedelta(days=8))
