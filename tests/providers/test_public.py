"""The public list: what it finds, how search engines and caches read it, and that nothing else leaks."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from providers.listing import DirectoryFilter, entries, words_of
from tests.factories import (
    ContactRequestFactory,
    PartnershipFactory,
    ProviderFactory,
    UserFactory,
    member,
    ready_reseller,
)
from tests.pages import shown_text

LIST = "/directory/"


def names(response) -> list[str]:
    return [line.provider.organisation.name for line in response.context["lines"]]


def vary(response) -> set[str]:
    return {each.strip() for each in response["Vary"].split(",")}


@pytest.fixture
def kita(provider):
    provider.description = "We look after ＲＥＳＥＬＬＥＲＳ in 日本.\n\nｸﾗｳﾄﾞ since 1998."
    provider.website, provider.email, provider.phone = (
        "https://kita.example/",
        "partners@kita.example",
        "+81112223344",
    )
    provider.languages, provider.specialities = ["ja", "en"], ["security", "azure"]
    provider.save()
    return provider


@pytest.fixture
def rhein(stranger):
    rhein = stranger.organisation.provider
    rhein.languages, rhein.specialities = ["de", "en"], ["azure"]
    rhein.save()
    return rhein


@pytest.fixture
def hidden(db):
    return ProviderFactory(organisation__name="Hidden", organisation__country="JP", is_listed=False)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, ["Kita", "Rhein"]),
        ({"country": "JP"}, ["Kita"]),
        ({"country": "FR"}, ["Rhein"]),
        ({"country": "KR"}, []),
        ({"country": "??"}, ["Kita", "Rhein"]),
        ({"language": "en"}, ["Kita", "Rhein"]),
        ({"language": "de"}, ["Rhein"]),
        ({"speciality": "security"}, ["Kita"]),
        ({"speciality": "azure", "country": "JP"}, ["Kita"]),
        ({"q": "rhein"}, ["Rhein"]),
        ({"q": "Ｋｉｔａ resellers"}, ["Kita"]),
        ({"q": "クラウド"}, ["Kita"]),
        ({"q": "日本"}, ["Kita"]),
        ({"q": "kita 1997"}, []),
        ({"q": "100%"}, []),
        ({"q": "\0"}, ["Kita", "Rhein"]),
        ({"q": "hidden"}, []),
    ],
    ids=str,
)
def test_list_finds_by_country_language_speciality_and_words(client, kita, rhein, hidden, question, found):
    assert names(client.get(LIST, question)) == found


def test_search_looks_at_a_handful_of_words():
    assert words_of("ＡＢＣ  d\0ef " + "x " * 20) == ["abc", "def", *["x"] * 6]


def test_filters_say_what_they_are_narrowed_to():
    assert DirectoryFilter({"country": "JP"}).country_code == "JP"
    assert DirectoryFilter({"country": "??"}).country_code == ""
    assert DirectoryFilter({}).is_narrowed is False


def test_list_is_paged_by_name(client, kita):
    for number in range(30):
        ProviderFactory(organisation__name=f"a{number:02}", languages=["ja"])

    first = client.get(LIST, {"language": "ja"})
    second = client.get(first.context["page"].next_url)

    assert names(first) + names(second) == [*(f"a{number:02}" for number in range(30)), "Kita"]
    assert "language=ja" in first.context["page"].next_url


@pytest.mark.parametrize("rows", [1, 3])
def test_visitor_costs_one_query(client, django_assert_num_queries, rows, db):
    pks = [ProviderFactory(languages=["ja"], specialities=["azure"]).pk for _row in range(rows)]

    for address in (LIST, f"{LIST}?country=JP&q=company&language=ja", f"{LIST}{pks[0]}/", "/sitemap.xml"):
        with django_assert_num_queries(1):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", [LIST, f"{LIST}?q=nothing", "{entry}", "{entry}?lang=ja"])
def test_visitors_page_can_be_kept_by_a_cache(client, kita, address):
    response = client.get(address.format(entry=reverse("directory:entry", args=[kita.pk])))

    assert response["Cache-Control"] == "public, max-age=300"
    assert vary(response) == {"Accept-Language", "Cookie", "HX-Request"}
    assert not response.cookies
    assert "csrf" not in response.content.decode().lower()


def test_members_page_is_the_members_own(kita, reseller_admin, sign_in):
    response = sign_in(reseller_admin).get(LIST)

    assert response["Cache-Control"] == "private, no-cache"
    assert [str(item.label) for item in response.context["menu"] if item.current] == ["Indirect providers list"]


def test_page_with_a_message_for_one_visitor_is_not_kept(client, kita):
    client.cookies["messages"] = "x"

    assert client.get(LIST)["Cache-Control"] == "private, no-cache"


def test_fragment_is_the_table_alone(client, kita):
    response = client.get(LIST, headers={"HX-Request": "true"})

    assert response.templates[0].name == "directory/_table.html"
    assert "<html" not in response.content.decode()


def test_search_engines_are_told_what_a_page_is(client, kita, settings):
    settings.PORTAL_URL = "https://portal.example"
    html = client.get(f"{LIST}{kita.pk}/", {"utm": "x"}).content.decode()

    page = f"https://portal.example/directory/{kita.pk}/"
    assert "<title>Kita – Indirect providers list · Partner Center</title>" in html
    assert re.findall(r'<link rel="(\w+)"(?: hreflang="([\w-]+)")? href="(https:[^"]+)">', html) == [
        ("canonical", "", page),
        ("alternate", "en", f"{page}?lang=en"),
        ("alternate", "ja", f"{page}?lang=ja"),
        ("alternate", "x-default", page),
    ]
    summary = "We look after ＲＥＳＥＬＬＥＲＳ in 日本. ｸﾗｳﾄﾞ since 1998."
    assert f'<meta name="description" content="{summary}">' in html


def test_a_country_has_a_page_and_a_title_of_its_own(client, kita, settings):
    settings.PORTAL_URL = "https://portal.example"
    html = client.get(LIST, {"country": "JP", "q": "kita", "sort": "name"}).content.decode()

    assert "<title>Indirect providers for resellers in Japan · Partner Center</title>" in html
    assert '<link rel="canonical" href="https://portal.example/directory/?country=JP">' in html


def test_address_chooses_the_language_and_links_keep_it(client, kita):
    response = client.get(LIST, {"lang": "ja", "country": "JP"})
    html = response.content.decode()

    assert response["Content-Language"] == "ja"
    assert '<html lang="ja">' in html
    assert f'href="/directory/{kita.pk}/?lang=ja"' in html
    assert 'href="/directory/?country=JP&amp;lang=en"' in html
    assert '<input type="hidden" name="lang" value="ja">' in html
    assert client.get(LIST, {"lang": "xx"})["Content-Language"] == "en"
    assert client.get(LIST, headers={"Accept-Language": "ja"})["Content-Language"] == "ja"


def test_entry_says_all_of_itself(client, kita):
    page = shown_text(client.get(f"{LIST}{kita.pk}/"))

    assert "ｸﾗｳﾄﾞ since 1998. Location Japan Markets served Japan Languages English, Japanese" in page
    assert "Specialities Security, Azure infrastructure Phone number +81 11-222-3344" in page
    assert "Email address partners@kita.example Website https://kita.example/" in page
    assert "Ask to be contacted" in page


def test_entry_of_a_large_region_folds_its_countries(client, rhein):
    page = shown_text(client.get(f"{LIST}{rhein.pk}/"))

    assert "Markets served Europe" in page
    assert "Austria, Belgium" in page


def test_entry_that_is_not_listed_does_not_exist(client, hidden, provider_admin, sign_in):
    assert client.get(f"{LIST}{hidden.pk}/").status_code == 404
    assert sign_in(provider_admin).get(f"{LIST}{hidden.pk}/").status_code == 404


def test_nothing_leaks_that_is_not_in_an_entry(client, kita, relationship, provider_admin, sales_agent):
    kita.email_domain = "secret-domain.example"
    kita.save()
    ContactRequestFactory(provider=kita, reseller=relationship.reseller, name="Lotse", message="Loreley")
    pages = [client.get(each).content.decode() for each in (LIST, f"{LIST}{kita.pk}/", "/sitemap.xml", "/robots.txt")]

    for word in ("Sakura", "Aoba", "0012345", "@kita.example\n", "secret-domain", "Lotse", "Loreley", "global-admin"):
        assert not [page for page in pages if word in page]
    assert not [page for page in pages if str(relationship.reseller_id) in page]


def test_search_does_not_reach_what_is_not_shown(client, kita, relationship):
    kita.email_domain = "secret-domain.example"
    kita.save()

    assert [names(client.get(LIST, {"q": word})) for word in ("Sakura", "Aoba", "secret-domain", "0012345")] == [[]] * 4


def test_reseller_sees_what_is_between_it_and_the_provider(kita, reseller, reseller_admin, sign_in):
    client, address = sign_in(reseller_admin), f"{LIST}{kita.pk}/"
    ContactRequestFactory(provider=kita, reseller=ready_reseller("Ume"))
    assert client.get(address).context["may_ask"] is True

    ContactRequestFactory(provider=kita, reseller=reseller)
    assert "You asked to be contacted on" in shown_text(client.get(address))

    PartnershipFactory(provider=kita, reseller=reseller)
    response = client.get(address)
    assert "You have been partners since" in shown_text(response)
    assert response.context["may_ask"] is False


def test_reseller_is_offered_its_own_country(kita, reseller_admin, sign_in):
    html = sign_in(reseller_admin).get(LIST).content.decode()

    assert 'href="/directory/?country=JP"' in html


def test_only_resellers_and_the_unknown_may_ask(kita, provider_admin, customer_admin, sign_in):
    address = f"{LIST}{kita.pk}/"

    own = sign_in(provider_admin).get(address)
    customers = sign_in(customer_admin).get(address)

    assert (own.context["may_ask"], own.context["is_own"]) == (False, True)
    assert (customers.context["may_ask"], customers.context["is_own"]) == (False, False)


def test_person_without_company_may_ask_and_finds_the_list(kita):
    client = Client()
    client.force_login(UserFactory())

    assert client.get(f"{LIST}{kita.pk}/").context["may_ask"] is True
    assert f'href="{LIST}"' in client.get("/").content.decode()


def test_sign_in_page_leads_to_the_list(client, db):
    assert f'href="{LIST}"' in client.get("/accounts/login/").content.decode()


def test_empty_list_and_empty_search_say_what_to_do(client, db):
    assert "No indirect provider is listed yet" in client.get(LIST).content.decode()
    searched = client.get(LIST, {"q": "x", "lang": "en"}).content.decode()
    assert "No indirect provider matches" in searched
    assert 'href="/directory/?lang=en"' in searched


def test_robots_may_read_the_directory_and_nothing_else(client, db, settings):
    settings.PORTAL_URL = "https://portal.example"
    response = client.get("/robots.txt")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=300"
    assert response.content.decode().splitlines() == [
        "User-agent: *",
        "Disallow: /",
        "Disallow: /directory/own/",
        "Allow: /directory/",
        "Allow: /sitemap.xml",
        "Allow: /static/",
        "",
        "Sitemap: https://portal.example/sitemap.xml",
    ]


def test_sitemap_has_the_list_and_its_entries(client, kita, rhein, hidden, settings):
    settings.PORTAL_URL = "https://portal.example"
    response = client.get("/sitemap.xml")

    pages = sorted(f"https://portal.example/directory/{each.pk}/" for each in (kita, rhein))
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    found = re.findall(r"<loc>(.*?)</loc>", response.content.decode())
    assert (found[0], sorted(found[1:])) == ("https://portal.example/directory/", pages)


def test_directory_hides_who_works_there(kita):
    member(kita.organisation, Role.GLOBAL_ADMIN, name="Grace Kitamura")

    assert "Grace" not in Client().get(f"{LIST}{kita.pk}/").content.decode()
    assert list(entries()) == [kita]
