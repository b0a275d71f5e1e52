import json
from dataclasses import fields
from datetime import date

import pytest

from customers.forms.registration import CustomerForm
from customers.registration import CustomerDetails, register_customer
from tests.customers.answers import ATTESTED, JAPAN, form_for, posted
from tests.factories import CustomerFactory
from tests.refusals import codes

# What is right


def test_right_answers_are_cleaned(sales_agent):
    form = form_for(sales_agent, JAPAN)

    assert form.is_valid(), form.errors
    assert form.cleaned_data == JAPAN | {
        "country": "JP",
        "address_line2": "",
        "phone": "",
        "registration_number": "",
        "reseller": None,
        "agreement_first_name": "",
        "agreement_last_name": "",
        "agreement_email": "",
        "agreement_date": None,
    }


def test_cleaned_answers_are_all_that_registration_needs(sales_agent):
    form = form_for(sales_agent, JAPAN)

    assert form.is_valid()
    assert {each.name for each in fields(CustomerDetails)} == set(form.cleaned_data)

    relationship, _credentials = register_customer(
        CustomerDetails.from_form(form.cleaned_data), provider=form.provider, actor=sales_agent.user
    )

    assert relationship.company_name == "株式会社さくら"


def test_full_width_answers_are_understood(sales_agent):
    form = form_for(
        sales_agent,
        JAPAN,
        {
            "domain_prefix": "Ｓａｋｕｒａ",
            "address_line1": "丸の内１ー２ー３",
            "postal_code": "〒１００－０００５",
            "email": "ｈａｎａｋｏ＠ｓａｋｕｒａ．ｅｘａｍｐｌｅ",
            "phone": "０３－１２３４－５６７８",
            "first_name": "ﾊﾅｺ",
        },
    )

    assert form.is_valid(), form.errors
    assert form.cleaned_data["domain_prefix"] == "sakura"
    assert form.cleaned_data["address_line1"] == "丸の内1-2-3"
    assert form.cleaned_data["postal_code"] == "100-0005"
    assert form.cleaned_data["email"] == "hanako@sakura.example"
    assert form.cleaned_data["phone"] == "+81312345678"
    assert form.cleaned_data["first_name"] == "ハナコ"


def test_answers_of_a_stored_draft_are_the_same_as_posted_ones(sales_agent, partnership):
    answers = JAPAN | ATTESTED | {"reseller": str(partnership.reseller.pk)}
    stored = json.loads(json.dumps(posted(answers).dict()))

    of_draft = CustomerForm(stored, membership=sales_agent)
    of_page = form_for(sales_agent, answers)

    assert of_draft.is_valid(), of_draft.errors
    assert of_page.is_valid(), of_page.errors
    assert of_draft.cleaned_data == of_page.cleaned_data
    assert of_draft.cleaned_data["reseller"] == partnership.reseller
    assert of_draft.cleaned_data["agreement_date"] == date(2026, 3, 1)


def test_answers_of_a_draft_may_lack_what_nobody_typed(sales_agent):
    form = CustomerForm({"state": None, "phone": None}, membership=sales_agent)

    assert not form.is_valid()


# What is wrong


def test_everything_that_is_missing_is_found_at_once(sales_agent):
    form = form_for(sales_agent, {})

    assert codes(form) == {
        name: ["required"]
        for name in (
            *("company_name", "domain_prefix", "address_line1", "city", "state", "postal_code"),
            *("first_name", "last_name", "email", "agreement"),
        )
    }
    assert form.errors["city"] == ["Enter the city."]
    assert form.errors["state"] == ["Choose the state, province or prefecture, such as Aichi."]
    assert form.errors["postal_code"] == ["Enter the ZIP or postal code, such as 154-0023."]


def test_everything_that_is_wrong_is_found_at_once(sales_agent):
    form = form_for(
        sales_agent,
        JAPAN,
        ATTESTED,
        {
            "company_name": "Inc.",
            "domain_prefix": "さくら",
            "address_line1": "",
            "state": "Bavaria",
            "postal_code": "12",
            "email": "someone@microsoft.com",
            "phone": "12",
            "registration_number": "n/a",
            "agreement_first_name": "",
            "agreement_email": "nobody",
            "agreement_date": "9999-01-01",
        },
    )

    assert codes(form) == {
        "company_name": ["name_legal_form"],
        "domain_prefix": ["domain_prefix"],
        "address_line1": ["required"],
        "state": ["state"],
        "postal_code": ["postal_code"],
        "email": ["partner_email"],
        "phone": ["phone"],
        "registration_number": ["registration_number"],
        "agreement_first_name": ["required"],
        "agreement_email": ["invalid"],
        "agreement_date": ["future"],
    }


def test_nothing_typed_is_lost(sales_agent):
    form = form_for(sales_agent, JAPAN, {"state": "大阪府", "postal_code": "12"})

    assert not form.is_valid()
    assert form["postal_code"].value() == "12"
    assert '<option value="大阪府" selected>' in str(form["state"])


def test_postal_code_of_another_prefecture_is_refused(sales_agent):
    form = form_for(sales_agent, JAPAN, {"postal_code": "530-0001"})

    assert codes(form) == {"postal_code": ["postal_code_state"]}


@pytest.mark.parametrize("field", ["company_name", "address_line1", "address_line2", "first_name", "email"])
def test_answers_longer_than_their_column_are_refused(sales_agent, field):
    form = form_for(sales_agent, JAPAN, {field: "x" * 255})

    assert "max_length" in codes(form)[field]


def test_contact_at_the_provider_is_refused(sales_agent):
    sales_agent.organisation.provider.email_domain = "kita.example"

    form = form_for(sales_agent, JAPAN, {"email": "sales@kita.example"})

    assert codes(form) == {"email": ["partner_email"]}


def test_domain_that_somebody_has_is_refused(sales_agent):
    CustomerFactory(primary_domain="Sakura.onmicrosoft.com")

    form = form_for(sales_agent, JAPAN)

    assert codes(form) == {"domain_prefix": ["domain_taken"]}


def test_labels_are_those_of_the_product(sales_agent):
    labels = {name: str(field.label) for name, field in CustomerForm(membership=sales_agent).fields.items()}

    assert labels == {
        "country": "Country/region",
        "company_name": "Company name",
        "domain_prefix": "Primary domain name",
        "address_line1": "Address line 1",
        "address_line2": "Address line 2",
        "city": "City",
        "state": "State/Province",
        "postal_code": "ZIP/Postal code",
        "qualification": "Special qualifications",
        "registration_number": "Organization registration number",
        "first_name": "First name",
        "last_name": "Last name",
        "email": "Email address",
        "phone": "Phone number",
        "language": "Language",
        "reseller": "Indirect reseller",
        "agreement": "Customer agreement",
        "agreement_first_name": "First name",
        "agreement_last_name": "Last name",
        "agreement_email": "Email address",
        "agreement_date": "Agreement acceptance date",
    }


def test_sections_have_every_field_once(stranger):
    form = CustomerForm(membership=stranger)

    sections = list(form.sections())

    assert [heading for heading, _fields in sections] == [
        *("Company info", "Primary contact", "Indirect reseller", "Customer agreement")
    ]
    assert [field.name for _heading, fields in sections for field in fields] == list(form.fields)


def test_browser_leaves_the_checking_to_the_portal(sales_agent):
    html = CustomerForm(membership=sales_agent).as_p()

    assert " required" not in html


def test_country_is_found_below_a_prefix(stranger):
    form = CustomerForm({"new-country": "ES"}, membership=stranger, prefix="new")

    assert form.country_code == "ES"
