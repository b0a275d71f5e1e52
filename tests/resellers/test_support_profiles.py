"""The customer support profile: what customers read, who changes it, and what stands in where it is silent."""

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from activity.models import Activity
from providers.languages import language_choices, language_name, language_names
from resellers.models import SupportProfile
from resellers.support_profiles import Profile, SupportContact, change_profile, profile_of
from tests.factories import OrganisationFactory, ProviderFactory, ResellerFactory, member
from tests.refusals import codes

PAGE = reverse("resellers:support_profile")
TYPED = {
    "phone": "03-1234-5678",
    "email": "help@sakura.example",
    "website": "sakura.example/help",
    "hours": "Mon–Fri 9–18 JST",
    "languages": ["ja", "en"],
}
PROFILE = Profile("+81312345678", "help@sakura.example", "https://sakura.example/help", "Mon–Fri", ("ja", "en"))


def stored(organisation):
    return SupportProfile.objects.values_list("phone", "email", "website", "hours", "languages").get(
        organisation=organisation
    )


def log():
    return list(Activity.objects.order_by("pk").values_list("verb", "refusal", "details"))


# What customers read


def test_profile_of_a_reseller_falls_back_to_its_contact(db):
    company = ResellerFactory(
        organisation__name="Sakura",
        contact_phone="+81312340000",
        contact_email="info@sakura.example",
        website="https://sakura.example/",
    ).organisation

    contact = profile_of(company)

    assert contact == SupportContact(
        "Sakura", company.reseller.contact_phone, "info@sakura.example", "https://sakura.example/", "", ()
    )
    assert contact.phone.as_e164 == "+81312340000"


def test_profile_of_a_provider_falls_back_to_its_entry(db):
    company = ProviderFactory(
        organisation__name="Kita", email="partners@kita.example", website="https://kita.example/", languages=["ja"]
    ).organisation

    assert profile_of(company) == SupportContact(
        "Kita", None, "partners@kita.example", "https://kita.example/", "", ("ja",)
    )


def test_profile_of_a_customer_is_its_name(db):
    company = OrganisationFactory(name="Aoba", kind="customer")

    assert profile_of(company) == SupportContact("Aoba", None, "", "", "", ())


def test_profile_counts_more_than_the_contact_field_by_field(db):
    company = ProviderFactory(
        organisation__name="Kita", email="partners@kita.example", website="https://kita.example/", languages=["ja"]
    ).organisation
    SupportProfile.objects.create(organisation=company, email="help@kita.example", hours="9–18", languages=["en"])

    assert profile_of(company) == SupportContact(
        "Kita", None, "help@kita.example", "https://kita.example/", "9–18", ("en",)
    )


def test_languages_are_named_and_sorted_in_the_readers_language():
    with translation.override("en"):
        english = language_names(["zh-hans", "tlh", "en"])
    with translation.override("ja"):
        japanese = language_names(["zh-hans", "tlh", "en"])

    assert english == ["English", "Klingon", "Simplified Chinese"]
    assert japanese == ["クリンゴン語", "簡体中国語", "英語"]
    assert language_name("x-none") == "x-none"


def test_every_language_on_offer_has_a_name():
    with translation.override("ja"):
        choices = dict(language_choices())

    assert [code for code, name in choices.items() if code == name] == []
    assert (language_name("de"), choices["de"]) == ("German", "ドイツ語")


# Changing it


def test_change_profile_stores_it_and_says_what_changed(reseller, reseller_admin):
    changed = change_profile(reseller.organisation, PROFILE, actor=reseller_admin.user)

    assert changed == ["phone", "email", "website", "hours", "languages"]
    assert stored(reseller.organisation) == (
        *("+81312345678", "help@sakura.example", "https://sakura.example/help", "Mon–Fri", ["ja", "en"]),
    )
    assert reseller.organisation.support_profile.changed_by == reseller_admin.user
    assert log() == [("support_profile_changed", "", {"fields": changed})]
    assert list(Activity.objects.get().sightings.values_list("organisation", flat=True)) == [reseller.pk]


def test_change_profile_without_a_change_writes_nothing(reseller, reseller_admin):
    change_profile(reseller.organisation, PROFILE, actor=reseller_admin.user)

    again = change_profile(
        reseller.organisation, Profile(**{**PROFILE.__dict__, "languages": ("en", "ja")}), actor=reseller_admin.user
    )

    assert again == []
    assert len(log()) == 1


# Its page


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_page_saves_what_is_typed(request, sign_in, who):
    membership = request.getfixturevalue(who)

    response = sign_in(membership).post(PAGE, TYPED, follow=True)

    assert response.redirect_chain == [(PAGE, 302)]
    assert stored(membership.organisation) == (
        *("+81312345678", "help@sakura.example", "https://sakura.example/help", "Mon–Fri 9–18 JST", ["ja", "en"]),
    )
    assert [str(each) for each in response.context["messages"]] == ["Customer support profile saved."]
    assert response.context["form"]["phone"].value() == "+81 3-1234-5678"


def test_page_says_when_nothing_was_changed(sign_in, reseller_admin):
    client = sign_in(reseller_admin)
    client.post(PAGE, TYPED, follow=True)

    response = client.post(PAGE, TYPED, follow=True)

    assert [str(each) for each in response.context["messages"]] == ["Nothing was changed."]


def test_page_keeps_what_was_typed_and_says_what_is_wrong_with_it(sign_in, reseller_admin):
    typed = {"phone": "12", "email": "no address", "website": "http:// no", "hours": "x" * 201, "languages": ["xx"]}

    response = sign_in(reseller_admin).post(PAGE, typed)

    form = response.context["form"]
    assert codes(form) == {
        "phone": ["invalid"],
        "email": ["invalid"],
        "website": ["invalid"],
        "hours": ["max_length"],
        "languages": ["invalid_choice"],
    }
    assert {name: form[name].value() for name in typed} == typed
    assert not SupportProfile.objects.exists()


def test_page_says_what_customers_see_in_place_of_what_is_empty(sign_in, reseller, reseller_admin):
    reseller.website = "https://sakura.example/"
    reseller.save()

    form = sign_in(reseller_admin).get(PAGE).context["form"]

    assert [form[name].help_text for name in ("phone", "email", "website")] == [
        "",
        "Empty: customers see contact@reseller.example.",
        "Empty: customers see https://sakura.example/.",
    ]


def test_page_shows_colleagues_what_customers_see_and_who_may_change_it(sign_in, reseller):
    SupportProfile.objects.create(organisation=reseller.organisation, hours="Mon–Fri", languages=["ja", "en"])
    helpdesk = member(reseller.organisation, Role.HELPDESK_AGENT)

    page = sign_in(helpdesk).get(PAGE).content.decode()

    assert "English, Japanese" in page
    assert "Mon–Fri" in page
    assert "Roles that can change this: Global admin." in page
    assert "<textarea" not in page


def test_only_who_acts_for_the_company_changes_it(sign_in, reseller, billing_admin):
    for membership in (billing_admin, member(reseller.organisation, Role.ADMIN_AGENT)):
        response = sign_in(membership).post(PAGE, TYPED)

        assert response.status_code == 403
    assert not SupportProfile.objects.exists()


def test_customers_have_no_such_page(sign_in, customer_admin):
    client = sign_in(customer_admin)

    assert (client.get(PAGE).status_code, client.post(PAGE, TYPED).status_code) == (404, 404)


def test_account_settings_lead_to_it_for_partners_only(sign_in, provider_admin, reseller_admin, customer_admin):
    pages = [
        sign_in(each).get(reverse("account_settings")).content.decode()
        for each in (provider_admin, reseller_admin, customer_admin)
    ]

    assert [f'href="{PAGE}"' in page for page in pages] == [True, True, False]


# Where customers meet it


def test_a_subscription_shows_the_profile_of_its_support_contact(sign_in, subscription, reseller, customer_admin):
    SupportProfile.objects.create(organisation=reseller.organisation, hours="Mon–Fri 9–18 JST", languages=["ja"])
    subscription.support_contact = reseller
    subscription.save()

    contact = sign_in(customer_admin).get(subscription.get_absolute_url()).context["contact"]

    assert contact == profile_of(reseller.organisation)
    assert (contact.company, contact.hours, contact.languages) == ("Sakura", "Mon–Fri 9–18 JST", ("ja",))


def test_a_subscription_without_a_contact_shows_the_providers(sign_in, subscription, provider, customer_admin):
    SupportProfile.objects.create(organisation=provider.organisation, hours="24/7")

    contact = sign_in(customer_admin).get(subscription.get_absolute_url()).context["contact"]

    assert (contact.company, contact.hours) == ("Kita", "24/7")


@pytest.mark.parametrize(
    ("who", "expected"), [("provider_admin", 1), ("reseller_admin", 1), ("customer_admin", 0), ("stranger", 0)]
)
def test_a_profile_is_visible_to_its_company(request, provider, reseller, who, expected):
    membership = request.getfixturevalue(who)
    for company in (provider, reseller):
        SupportProfile.objects.create(organisation=company.organisation)

    assert SupportProfile.objects.visible_to(membership).count() == expected
    assert not SupportProfile.objects.visible_to(None).exists()
