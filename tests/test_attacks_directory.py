"""What everybody may read without signing in: published facts, and nothing else (design.md §4.1, issue 3 §6)."""

import re
from base64 import urlsafe_b64encode
from json import dumps
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from providers.models import Provider
from tests.attack_tools import said, text_of
from tests.factories import (
    ContactRequestFactory,
    NoticeFactory,
    PartnershipRequestFactory,
    ProfileProposalFactory,
    RelationshipRequestFactory,
    StaffInvitationFactory,
    SupportRequestFactory,
    member,
)

LIST, SITEMAP, ROBOTS = reverse("directory:list"), "/sitemap.xml", "/robots.txt"
PUBLISHED = {
    "description": "We move offices to the cloud.",
    "website": "https://kita.example/",
    "email": "hello@kita.example",
    "phone": "+81312345678",
}
# Each of them is stored, and none of them is published.
PRIVATE = {
    *("Sakura", "0012345", "Aoba", "aoba.onmicrosoft.com", "Productivity", "Kitsune", "JPY", "Proposed", "Sakurai"),
    *("global-admin@kita.example", "kitsune@kita.example", "lotse@mosel.example", "secret.example", "Loreley"),
}


@pytest.fixture
def kita(provider, relationship, subscription, reseller, provider_admin):
    """A provider with everything that a provider has, and an entry."""
    Provider.objects.filter(pk=provider.pk).update(**PUBLISHED, email_domain="secret.example", is_listed=True)
    member(provider.organisation, Role.SALES_AGENT, name="Kitsune", email="kitsune@kita.example")
    ProfileProposalFactory(
        provider=provider, entry={**PUBLISHED, "description": "Proposed", "languages": [], "specialities": []}
    )
    ContactRequestFactory(provider=provider, reseller=reseller)
    for factory in (PartnershipRequestFactory, RelationshipRequestFactory):
        factory(provider=provider, created_by=provider_admin.user, recipient="lotse@mosel.example")
    StaffInvitationFactory(organisation=provider.organisation, created_by=provider_admin.user)
    SupportRequestFactory(subscription=subscription, title="Loreley")
    NoticeFactory(membership=provider_admin)
    return Provider.objects.get(pk=provider.pk)


@pytest.fixture
def hidden(stranger):
    """A provider that is not in the list."""
    Provider.objects.filter(pk=stranger.organisation_id).update(is_listed=False, description="Am grünen Ufer")
    return stranger.organisation.provider


def entry(provider) -> str:
    return reverse("directory:entry", args=[provider.pk])


def everything_public(client, kita) -> str:
    """The list however it is asked, the entry, the sitemap and the robots."""
    words = [*PRIVATE, "Kita", "", "%", "_", "'", '"', "\\", str(kita.pk), str(kita.pk)[:8]]
    asked = [{"q": word} for word in words] + [{"country": "JP"}, {"language": "ja"}, {"speciality": "azure"}]
    asked += [{"sort": name} for name in ("email_domain", "organisation__memberships__user__email", "-is_listed", "pk")]
    parts = [text_of(client.get(LIST, query, headers=headers)).replace(query.get("q", "") or "\0", "")
             for query in asked for headers in ({}, {"HX-Request": "true"})]  # fmt: skip
    return "\n".join(parts + [text_of(client.get(page)) for page in (entry(kita), SITEMAP, ROBOTS)])


def test_everybody_reads_published_facts_and_no_others(kita, hidden):
    read = everything_public(Client(), kita)

    assert said(PRIVATE, read) == set()
    assert said({"Rhein", "Ufer", str(hidden.pk)}, read) == set()
    shown = Client().get(entry(kita)).text
    assert [fact for fact in ("Kita", *PUBLISHED.values()) if fact not in shown.replace(" ", "") + shown] in (
        [],
        ["+81312345678"],  # as people write it: +81 3-1234-5678
    )


def test_members_read_no_more_of_another_provider_than_everybody(kita, hidden, stranger, sign_in):
    """A hostile provider, who is signed in: the page has its own name in the top bar, and nothing more of Kita."""
    read = everything_public(sign_in(stranger), kita)

    assert said(PRIVATE, read) == set()


def test_no_search_tells_that_somebody_unlisted_exists(kita, hidden, client):
    """Words, ids, sorts and cursors: the answer is that of a word that nobody has."""
    words = ("Rhein", "rhe", "Ufer", "ufer kita", str(hidden.pk), "global-admin@rhein.example")
    asked = [{"q": word} for word in words] + [{"q": "Rhein", "country": "DE"}]

    assert [client.get(LIST, query).context["page"].rows for query in asked] == [[]] * len(asked)
    assert client.get(LIST, {"country": "DE"}).context["page"].rows == []
    for way in ("after", "before"):
        for values in (["a", str(uuid4())], ["kita", str(hidden.pk)], ["zz", str(hidden.pk)], [None, None], ["rhein"]):
            cursor = urlsafe_b64encode(dumps(values).encode()).decode().rstrip("=")
            answer = client.get(LIST, {way: cursor})
            assert (answer.status_code, said({"Rhein", "Ufer"}, answer.text)) == (200, set())


def test_an_unlisted_entry_is_answered_like_one_that_never_was(kita, hidden, client):
    def answer(pk):
        page = client.get(reverse("directory:entry", args=[pk]))
        random = rf'{pk}|{page["X-Reference"]}|name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"'
        return page.status_code, re.sub(random, "", page.text)

    assert answer(hidden.pk) == answer(uuid4())
    assert answer(hidden.pk)[0] == 404
    assert str(hidden.pk) not in client.get(SITEMAP).text


def test_an_unlisted_provider_is_not_asked_for_contact(hidden, reseller_admin, sign_in):
    client = sign_in(reseller_admin)
    address = reverse("resellers:contact_ask", args=[hidden.pk])

    asked = client.post(address, {"name": "N", "email": "n@sakura.example", "message": "M"})

    assert [client.get(address).status_code, asked.status_code] == [404, 404]
    assert not hidden.contact_requests.exists()


def test_public_pages_take_nothing(kita, client):
    answers = [getattr(client, method)(page) for page in (SITEMAP, ROBOTS) for method in ("get", "head")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert client.cookies == {}
    assert "Set-Cookie" not in "".join(map(text_of, answers))


def test_addresses_in_the_sitemap_are_the_portals_and_not_the_callers(kita, client, settings):
    settings.PORTAL_URL = "https://portal.example"

    pages = [client.get(page, headers={"host": "evil.example", "X-Forwarded-Host": "evil.example"})
             for page in (SITEMAP, ROBOTS, LIST, entry(kita))]  # fmt: skip

    assert [page.status_code for page in pages if page.status_code != 400] in ([], [200] * 4)
    assert ["evil.example" in page.text for page in pages if page.status_code == 200] in ([], [False] * 4)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]></url>&lt;x"])
def test_what_a_provider_writes_is_text(kita, client, text):
    Provider.objects.filter(pk=kita.pk).update(description=text)
    kita.organisation.name = text[:60]
    kita.organisation.save()

    pages = [client.get(page) for page in (LIST, entry(kita), SITEMAP)]

    assert [page.status_code for page in pages] == [200] * 3
    assert [text in page.text for page in pages] == [False] * 3
    assert "onerror=alert(1)>" not in "".join(page.text for page in pages).replace("&gt;", "")
