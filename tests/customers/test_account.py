"""A customer's account: what changes, who may change it, and what the form asks."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.roles import Role
from activity.log import codes_of
from activity.models import Activity
from customers.accounts import AccountDetails, change_account
from customers.forms.account import AccountForm
from customers.models import Customer, Relationship
from tests.factories import (
    CustomerAgreementFactory,
    CustomerFactory,
    RelationshipFactory,
    member,
)
from tests.refusals import codes, codes_on

ANSWERS = {
    "company_name": "Aoba Holdings",
    "address_line1": "2-2 Marunouchi",
    "address_line2": "3F",
    "city": "千代田区",
    "state": "東京都",
    "postal_code": "1000005",
    "first_name": "Taro",
    "last_name": "Suzuki",
    "email": "taro@aoba.example",
    "phone": "03-1234-5678",
    "language": "ja",
}
STORED = ANSWERS | {"postal_code": "100-0005", "phone": "+81312345678"}


def details(relationship, **changes):
    customer = relationship.customer
    same = {name: getattr(customer, name) for name in ANSWERS if name != "company_name"}
    return AccountDetails(**same | {"company_name": relationship.company_name} | changes)


def edit_url(relationship):
    return reverse("customers:edit", args=[relationship.customer_id])


def account_url(relationship):
    return reverse("customers:account", args=[relationship.customer_id])


def stored(relationship):
    relationship = Relationship.objects.select_related("customer").get(pk=relationship.pk)
    values = {
        name: str(getattr(relationship.customer, name)) for name in ANSWERS if name not in ("phone", "company_name")
    }
    phone = relationship.customer.phone
    return values | {"company_name": relationship.company_name, "phone": phone.as_e164 if phone else ""}


# The domain


def test_change_returns_what_changed_and_remembers_both_values(relationship, provider_admin):
    changed = change_account(relationship, details(relationship, email="new@aoba.example"), membership=provider_admin)

    activity = Activity.objects.get()
    assert changed == ["email"]
    assert Customer.objects.get().email == "new@aoba.example"
    assert (activity.verb, activity.affected, activity.actor) == (
        "customer_changed",
        relationship.customer.organisation,
        provider_admin.user,
    )
    assert activity.details == {"old": {"email": "hanako@customer.example"}, "new": {"email": "new@aoba.example"}}
    assert {sighting.organisation_id for sighting in activity.sightings.all()} == {
        relationship.provider_id,
        relationship.reseller_id,
        relationship.customer_id,
    }


def test_nothing_changed_is_not_remembered(relationship, provider_admin):
    assert change_account(relationship, details(relationship), membership=provider_admin) == []
    assert Activity.objects.count() == 0


def test_company_name_changes_for_this_provider_only(relationship, provider_admin):
    other = RelationshipFactory(customer=relationship.customer)

    changed = change_account(
        relationship, details(relationship, company_name="Ａｏｂａ Ltd"), membership=provider_admin
    )

    relationship.refresh_from_db()
    other.refresh_from_db()
    assert changed == ["company_name"]
    assert (relationship.company_name, relationship.sort_name) == ("Ａｏｂａ Ltd", "aoba ltd")
    assert relationship.search_text == f"aoba ltd aoba.onmicrosoft.com {relationship.customer_id}"
    assert other.company_name == relationship.customer.organisation.name == "Aoba"


def test_reseller_may_not_change_the_name_that_is_billed(relationship, reseller_admin):
    with pytest.raises(ValidationError) as refusal:
        change_account(
            relationship, details(relationship, company_name="Mine", city="Osaka"), membership=reseller_admin
        )

    relationship.refresh_from_db()
    assert codes_of(refusal.value) == "company_name_by_provider"
    assert (relationship.company_name, Customer.objects.get().city) == ("Aoba", "")
    assert [(each.result, each.refusal) for each in Activity.objects.all()] == [("refused", "company_name_by_provider")]


# The form


def test_form_begins_with_the_account_as_it_is(relationship, provider_admin):
    Customer.objects.update(phone="+81312345678")
    relationship = Relationship.objects.get()

    form = AccountForm(relationship, provider_admin)

    assert form.initial["phone"] == "+81 3-1234-5678"
    assert (form.initial["company_name"], form.initial["last_name"]) == ("Aoba", "Yamada")
    assert [field.name for field in form.address_fields()] == [
        "address_line1",
        "address_line2",
        "city",
        "state",
        "postal_code",
    ]
    assert [field.name for field in form.contact_fields()] == ["first_name", "last_name", "email", "phone", "language"]


def test_form_tidies_what_was_typed(relationship, provider_admin):
    form = AccountForm(relationship, provider_admin, ANSWERS | {"postal_code": "〒１００－０００５"})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == STORED


def test_form_tells_everything_that_is_wrong_at_once(relationship, provider, provider_admin):
    provider.email_domain = "kita.example"
    provider.save()
    relationship = Relationship.objects.get()
    wrong = {
        "company_name": "Ltd",
        "address_line1": "",
        "city": "",
        "state": "Bayern",
        "postal_code": "12",
        "first_name": "",
        "last_name": "",
        "email": "me@kita.example",
        "phone": "12",
        "language": "xx",
    }

    form = AccountForm(relationship, provider_admin, ANSWERS | wrong)

    assert not form.is_valid()
    assert codes(form) == {
        "company_name": ["name_legal_form"],
        "address_line1": ["required"],
        "city": ["required"],
        "state": ["state"],
        "postal_code": ["postal_code"],
        "first_name": ["required"],
        "last_name": ["required"],
        "email": ["partner_email"],
        "phone": ["phone"],
        "language": ["invalid_choice"],
    }


def test_form_follows_the_customers_country(provider_admin):
    brazil = RelationshipFactory(customer=CustomerFactory(organisation__country="BR"))
    germany = RelationshipFactory(customer=CustomerFactory(organisation__country="DE"))
    atlantis = RelationshipFactory(customer=CustomerFactory(organisation__country="HK"))

    forms = [AccountForm(each, provider_admin) for each in (brazil, germany, atlantis)]

    assert [form.fields["phone"].required for form in forms] == [True, False, False]
    assert ["state" in form.fields for form in forms] == [True, False, True]
    assert ["postal_code" in form.fields for form in forms] == [True, True, False]


def test_form_shows_a_reseller_the_name_without_asking_for_it(relationship, reseller_admin):
    form = AccountForm(relationship, reseller_admin, {**ANSWERS, "company_name": ""})

    assert form.fields["company_name"].disabled
    assert form.is_valid(), form.errors
    assert form.cleaned_data["company_name"] == "Aoba"


# The pages


def test_edit_saves_and_leads_back(sign_in, provider_admin, relationship):
    client = sign_in(provider_admin)

    response = client.post(edit_url(relationship), ANSWERS, follow=True)

    assert response.redirect_chain == [(account_url(relationship), 302)]
    assert stored(relationship) == STORED
    assert "Account saved." in response.text


def test_edit_without_a_change_says_so(sign_in, provider_admin, relationship):
    client = sign_in(provider_admin)
    client.post(edit_url(relationship), ANSWERS)

    response = client.post(edit_url(relationship), ANSWERS, follow=True)

    assert "Nothing was changed." in response.text
    assert Activity.objects.count() == 1


def test_edit_refused_keeps_what_was_typed(sign_in, provider_admin, relationship):
    response = sign_in(provider_admin).post(edit_url(relationship), ANSWERS | {"postal_code": "12", "city": "渋谷区"})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["postal_code"]
    assert 'value="渋谷区"' in response.text
    assert stored(relationship)["city"] == ""


def test_edit_never_changes_the_domain(sign_in, provider_admin, relationship):
    sign_in(provider_admin).post(
        edit_url(relationship), ANSWERS | {"primary_domain": "mine.onmicrosoft.com", "country": "DE"}
    )

    relationship.refresh_from_db()
    customer = Customer.objects.select_related("organisation").get()
    assert customer.primary_domain == relationship.primary_domain == "aoba.onmicrosoft.com"
    assert str(customer.organisation.country) == "JP"


def test_entrusted_reseller_edits_all_but_the_name(sign_in, reseller_admin, relationship):
    client = sign_in(reseller_admin)
    own = {name: value for name, value in ANSWERS.items() if name != "company_name"}

    client.post(edit_url(relationship), own)
    response = client.post(edit_url(relationship), ANSWERS)

    assert stored(relationship) == STORED | {"company_name": "Aoba"}
    assert codes_on(response) == {"company_name": ["company_name_by_provider"]}


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_edit_needs_the_role(sign_in, provider, relationship, role):
    client = sign_in(member(provider.organisation, role))
    before = stored(relationship)

    assert client.get(edit_url(relationship)).status_code == 403
    assert client.post(edit_url(relationship), ANSWERS).status_code == 403
    assert stored(relationship) == before


def test_reseller_that_the_customer_was_not_added_for_finds_nobody(sign_in, relationship, provider):
    from tests.factories import PartnershipFactory, ready_reseller

    other = ready_reseller("Momiji")
    PartnershipFactory(provider=provider, reseller=other)
    client = sign_in(member(other.organisation, Role.GLOBAL_ADMIN))

    assert client.get(account_url(relationship)).status_code == 404
    assert client.post(edit_url(relationship), ANSWERS).status_code == 404
    relationship.refresh_from_db()
    assert relationship.company_name == "Aoba"


def test_account_shows_company_contact_and_agreement(sign_in, provider_admin, relationship):
    Customer.objects.update(phone="+81312345678", registration_number="RN-1", qualification="education")
    relationship.company_name = "Billed as this"
    relationship.save()
    CustomerAgreementFactory(
        customer=relationship.customer,
        provider=relationship.provider,
        source="attested",
        first_name="Ichiro",
        last_name="Sato",
        email="ichiro@aoba.example",
        agreed_on=date(2026, 1, 31),
    )
    CustomerAgreementFactory(customer=relationship.customer)  # with another provider

    text = sign_in(provider_admin).get(account_url(relationship)).text

    for shown in (
        "Registered as Aoba",
        "aoba.onmicrosoft.com",
        str(relationship.customer_id),
        "1-1 Chiyoda",
        "Hanako Yamada",
        "+81 3-1234-5678",
        "RN-1",
        "Education",
        "Customer has accepted the latest agreement",
        "Ichiro Sato · ichiro@aoba.example",
    ):
        assert shown in text
    assert "will be asked" not in text


def test_account_offers_what_the_role_allows(sign_in, provider_admin, billing_admin, relationship):
    links = [edit_url(relationship), reverse("customers:reset_password", args=[relationship.customer_id])]

    shown = {
        each.roles[0]: [link in sign_in(each).get(account_url(relationship)).text for link in links]
        for each in (provider_admin, billing_admin)
    }

    assert shown == {Role.GLOBAL_ADMIN: [True, True], Role.BILLING_ADMIN: [False, False]}


def test_customer_sees_its_own_account_and_changes_nothing(sign_in, customer_admin, relationship, strange_relationship):
    client = sign_in(customer_admin)

    response = client.get(account_url(relationship))

    assert response.status_code == 200
    assert edit_url(relationship) not in response.text
    assert f'href="{reverse("customers:list")}"' not in response.text
    assert client.post(edit_url(relationship), ANSWERS).status_code == 404
    assert client.get(account_url(strange_relationship)).status_code == 404
