"""A provider changes 500 subscriptions in one go: looks at what would come of it, starts it, takes the result home."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from activity.models import Activity
from activity.verbs import Verb
from subscriptions.bulk.rows import carry_on
from subscriptions.models import BulkChange, Subscription
from tests.factories import SubscriptionFactory
from tests.subscriptions.bulk_changes import subscriptions_of

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def work() -> BulkChange:
    """What a worker does meanwhile, until there is nothing left."""
    change = BulkChange.objects.get()
    while carry_on(change.pk):
        pass
    change.refresh_from_db()
    return change


def test_five_hundred_subscriptions_change_in_one_go(reader, relationship, sales_agent):
    plans = subscriptions_of(relationship, 497)
    azure = SubscriptionFactory(relationship=relationship, offer__term="", nickname="Without a term")
    suspended = SubscriptionFactory(relationship=relationship, status="suspended", nickname="Suspended")
    already = SubscriptionFactory(relationship=relationship, auto_renew=False, nickname="Off already")
    window = reader(sales_agent, language="en")

    window.choose("Subscriptions")
    window.follow("Change all subscriptions")
    window.sees("500 subscriptions are selected.")
    window.follow("Auto-renew")
    window.page.get_by_label("Off", exact=True).check()
    window.press("Check")
    window.sees("Each subscription is being checked.")
    work()
    window.sees("Nothing has been changed yet.")  # the page has asked for its progress, and read itself again
    expect(window.page.locator("#progress")).to_contain_text("498")
    assert Subscription.objects.filter(auto_renew=False).get() == already
    window.press("Start")
    window.sees("The bulk change has started.")
    change = work()
    window.page.reload()
    window.follow("Refused (1)")
    window.sees("A subscription without a term does not renew.")
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="Download the result").click()

    assert (change.state, change.done, change.unchanged, change.refused) == ("done", 498, 1, 1)
    assert Subscription.objects.filter(auto_renew=True).get() == azure
    assert Activity.objects.filter(verb=Verb.AUTO_RENEW_CHANGED).count() == len(plans) + 1
    suspended.refresh_from_db()
    assert (suspended.status, suspended.auto_renew) == ("suspended", False)
    assert len(lines_of(download.value.path())) == 501


@pytest.mark.parametrize("scripts", [True, False])
def test_ticked_ones_change_without_scripts_too(reader, relationship, sales_agent, scripts):
    plans = subscriptions_of(relationship, 3)
    window = reader(sales_agent, language="ja", scripts=scripts)

    window.choose("Subscriptions")
    for plan in plans[:2]:
        window.page.locator(f"input[value='{plan.code}']").check()
    window.press("Change selected")
    window.follow("Licenses")
    window.fill("Licenses", "12")
    window.press("Check")
    work()
    window.page.reload()
    window.press("Start")
    work()
    window.page.reload()

    expect(window.page.locator("#progress .badge")).to_have_text(window.t("Done"))
    assert list(Subscription.objects.order_by("pk").values_list("licences", flat=True)) == [12, 12, 10]


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))
