"""Every page, read by somebody who reads Japanese: no word of English is left that the catalogue knows or should know.

The pages come from the URLconf, so that a new one is read as soon as it has a name.
"""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activity.log import record
from activity.verbs import Verb
from customers.models import Delegation, RelationshipRequest
from providers.models import ProfileProposal
from resellers.models import ContactRequest, PartnershipRequest, Reseller
from staff.models import StaffInvitation
from subscriptions.models import Subscription, SupportMessage, SupportRequest
from tests.addresses import PATTERNS, patterns
from tests.factories import PartnershipRequestFactory, ResellerOfRecordFactory, SubscriptionFactory
from tests.test_translations import PLACEHOLDER, SAME, TAG, entries, texts

# Names of people, companies and products, formats, and the words that stand in the same letters in every language.
LATIN = re.compile(
    r"Microsoft( Corporation)?|Partner Center|English|Kita|Sakura|Aoba|Django|Productivity plan|Cookie|Cloud|Contoso"
    r"|[\w.+-]+@[\w.-]+|https?://\S+|\.?onmicrosoft\.com|a ～ z"
)
# Two words of which the second is not a name: an English phrase, known to the catalogue or not.
PHRASE = re.compile(r"\b[A-Za-z]{2,}[,;:]? [a-z]{2,}\b")
# What is read aloud or shown on hovering, though it is not between tags.
SPOKEN = ("alt", "aria-label", "aria-description", "placeholder", "title", "data-confirm", "data-copied")
# Not pages: an answer for machines, the target of a form, and what shows components to developers.
NOT_PAGES = {"health", "set_language", "styleguide"}


class Visible(HTMLParser):
    """The text nodes of a page, and the attributes that are read aloud."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag in {"script", "style", "svg", "code", "textarea"}:
            self._hidden = self._hidden or tag
        if attributes.get("lang") == "en" and tag != "html":
            self._hidden = self._hidden or tag
        names = SPOKEN + (("value",) if attributes.get("type") in {"submit", "button"} else ())
        self.texts += [attributes[name] for name in names if attributes.get(name)]

    def handle_endtag(self, tag):
        if tag == self._hidden:
            self._hidden = None

    def handle_data(self, data):
        if not self._hidden and data.strip():
            self.texts.append(" ".join(data.split()))


PAGES = sorted(PATTERNS.keys() - NOT_PAGES)
ENGLISH = [(english, japanese) for entry in entries() for english, japanese in texts(entry) if english != japanese]


def _pattern(english: str) -> re.Pattern[str]:
    words = [re.escape(" ".join(part.split())) for part in PLACEHOLDER.split(TAG.sub("", english))]
    return re.compile(".+?".join(words))


KNOWN = [_pattern(english) for english, _japanese in ENGLISH if len(english) > 3 and not SAME.match(english)]
# A pattern that is all placeholders would match every text.
KNOWN = [pattern for pattern in KNOWN if re.search(r"[A-Za-z]{3}", pattern.pattern)]


def english_in(page: str) -> list[str]:
    """What is left of English on the page: texts of the catalogue, and phrases that never were in it."""
    words = [text for text in Visible(page).texts if not LATIN.fullmatch(text)]
    known = [text for text in words if any(pattern.fullmatch(text) for pattern in KNOWN)]
    return known + [text for text in words if text not in known and PHRASE.search(LATIN.sub("", text))]


@pytest.fixture
def world(addresses, provider_admin, subscription):
    """The cast with something on every page, all of them readers of Japanese; the arguments of each address."""
    provider = provider_admin.organisation.provider
    Reseller.objects.update(contact_name="山田 太郎")
    SubscriptionFactory(relationship=subscription.relationship, status=Subscription.Status.SUSPENDED)
    credit = subscription.relationship.reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=subscription, provider=provider, partner_account=credit)
    PartnershipRequestFactory(provider=provider, created_by=provider_admin.user, sent_at=timezone.now())
    Delegation.objects.update(granted_by=provider_admin.user)
    for verb in Verb:
        record(verb, provider, actor=provider_admin.user, seen_by=[provider.organisation], details="詳細")
    for model in (PartnershipRequest, RelationshipRequest, StaffInvitation):
        model.objects.update(subject="要求", message="本文")
    SupportRequest.objects.update(title="題名")
    SupportMessage.objects.update(text="本文")
    ContactRequest.objects.update(message="本文")
    for proposal in ProfileProposal.objects.all():
        proposal.entry["description"] = "本文"
        proposal.save()
    User.objects.update(language="ja", name="山田 太郎")
    return addresses


def pages_of(name: str, arguments: list, clients: list[Client]) -> list[str]:
    """What each of the cast sees at this address; nothing where it is not a page (a form's target, a download)."""
    found = []
    for client in clients:
        response = client.get(reverse(name, args=arguments), follow=True)
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            found.append(response.content.decode())
    return found


@pytest.mark.parametrize("name", PAGES)
def test_no_english_is_left_on(name, world, provider_admin, reseller_admin, customer_admin, sign_in):
    clients = [Client(), *[sign_in(each) for each in (provider_admin, reseller_admin, customer_admin)]]
    for client in clients:
        client.cookies["django_language"] = "ja"

    left = {text for page in pages_of(name, world.get(name, []), clients) for text in english_in(page)}

    assert left == set()


ADMIN_PAGES = sorted(
    name
    for name, entry in patterns()
    if name.startswith("admin:") and "<" not in str(entry.pattern) and name.endswith(("index", "changelist", "_add"))
)


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_no_english_is_left_in_the_operators(name, world, sign_in, provider_admin):
    User.objects.filter(pk=provider_admin.user.pk).update(is_staff=True, is_superuser=True)
    client = sign_in(provider_admin)
    client.cookies["django_language"] = "ja"

    page = client.get(reverse(name)).content.decode()

    # Django's own magnifying glass speaks English to everybody.
    assert english_in(page.replace('alt="Search"', "")) == []


def test_english_would_be_seen():
    """Of the catalogue, beside the catalogue, and in what is only read aloud; names and addresses are none."""
    page = (
        "<h1>Indirect resellers</h1><p>Sakura は 1 社</p><a title='Back to the list'>×</a><p>Sent to a@b.example</p>"
        "<script>let the code be</script><button lang='en'>not for you</button><td>Microsoft 365 E3</td>"
    )

    assert english_in(page) == ["Indirect resellers", "Sent to a@b.example", "Back to the list"]
