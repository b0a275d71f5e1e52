"""A real browser in front of the real portal, and people who sit before it."""

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from accounts.models import Membership
from subscriptions.price_list import load_price_list
from tests.factories import PASSWORD

# Playwright's synchronous interface runs an event loop in this thread; Django refuses to touch the database beside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PRICES = Path(__file__).parents[2] / "partnercenter/demo/price_list.csv"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(FLAGS)}


@pytest.fixture(autouse=True)
def _links_lead_here(settings, live_server):
    settings.PORTAL_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture
def price_list(db):
    with PRICES.open(encoding="utf-8-sig", newline="") as lines:
        load_price_list(csv.DictReader(lines))


class Reader:
    """A person with a browser window of one's own, who reads the portal in one language."""

    def __init__(self, page: Page, language: str, url: str, *, scripts: bool) -> None:
        self.page = page
        self.language = language
        self.url = url
        self.scripts = scripts
        self.problems: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("response", self._check)

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium says this of every page with an error status as well; those that matter are caught in _check.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(message.text)

    def _check(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and not response.request.is_navigation_request()):
            self.problems.append(f"{response.url} answered {response.status}")

    def t(self, label: str, context: str | None = None) -> str:
        """The label as this reader knows it."""
        with translation.override(self.language):
            return translation.pgettext(context, label) if context else translation.gettext(label)

    def sign_in(self, account: str, password: str = PASSWORD) -> None:
        self.page.locator("input[name=login]").fill(account)
        self.page.locator("input[name=password]").fill(password)
        self.press("Sign in")

    def choose(self, label: str) -> None:
        """Follow a link of the menu."""
        self.page.goto(self.url)
        menu = self.page.get_by_role("navigation", name=self.t("Partner Center menu"))
        menu.get_by_role("link", name=self.t(label), exact=True).click()
        self.sees_heading(label)

    def follow(self, label: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=self.t(label)).first.click()

    def press(self, label: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=self.t(label), exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_role("main").get_by_label(self.t(label)).first.fill(text)

    def select(self, label: str, option: str) -> None:
        self.page.get_by_role("main").get_by_role("combobox", name=self.t(label)).select_option(label=option)

    def sees_heading(self, label: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.t(label))

    def sees(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)


@pytest.fixture
def reader(browser: Browser, live_server) -> Callable[..., Reader]:
    """Opens a new window for somebody; at the end, nobody's window may have reported an error."""
    readers: list[Reader] = []

    def open_window(membership: Membership | None = None, *, language: str = "en", scripts: bool = True) -> Reader:
        context = browser.new_context(
            locale="ja-JP" if language == "ja" else "en-GB",
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
            viewport={"width": 1280, "height": 900},
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        reader = Reader(context.new_page(), language, live_server.url, scripts=scripts)
        readers.append(reader)
        if membership:
            membership.user.language = language
            membership.user.save(update_fields=["language"])
            reader.page.goto(live_server.url)
            reader.sign_in(membership.user.email)
        return reader

    yield open_window
    problems = [problem for reader in readers for problem in reader.problems]
    for each in readers:
        each.page.context.close()
    assert problems == []
