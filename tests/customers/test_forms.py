import json
from dataclasses import fields
from datetime import date, timedelta

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone, translation

from customers.forms import ATTESTATION, CustomerForm
from customers.registration import CustomerDetails, register_customer
from tests.factories import CustomerFactory, PartnershipFactory, ready_reseller

JAPAN = {
    "company_name": "株式会社さくら",
    "domain_prefix": "sakura",
    "address_line1": "丸の内1-2-3",
    "city": "千代田区",
    "state": "東京都",
    "postal_code": "100-0005",
    "qualification": "none",
    "first_name": "花子",
    "last_name": "山田",
    "email": "hanako@sakura.example",
    "language": "ja",
    "agreement": "to_be_asked",
}
GERMANY = JAPAN | {
    "country": "DE",
    "company_name": "Rhein Handel GmbH",
    "address_line1": "Hauptstraße 5",
    "city": "Köln",
    "state": "",
    "postal_code": "50667",
}
ATTESTED = {
    "agreement": "attested",
    "agreement_first_name": "花子",
    "agreement_last_name": "山田",
    "agreement_email": "hanako@sakura.example",
    "agreement_date": "2026-03-01",
}


def posted(answers):
    query = QueryDict(mutable=True)
    query.update(answers)
    return query


def form_for(membership, *typed, **kwargs):
    answers = {}
    for part in typed:
        answers |= part
    return CustomerForm(posted(answers), membership=membership, **kwargs)


def codes(form):
    return {name: [error.code for error in errors] for name, errors in form.errors.as_data().items()}


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
            *("company_name", "domain_prefix", "address_line1", "city", "state", "postal_code", "qualification"),
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


# Countries


def test_country_is_locked_in_a_region_of_one(sales_agent):
    form = form_for(sales_agent, JAPAN, {"country": "US"})

    assert form.fields["country"].disabled
    assert form.fields["country"].choices == [("JP", "Japan")]
    assert form.is_valid(), form.errors
    assert form.cleaned_data["country"] == "JP"


def test_countries_are_those_of_the_region_sorted_by_their_names(stranger):
    with translation.override("en"):
        choices = CustomerForm(membership=stranger).fields["country"].choices

    assert ("GB", "United Kingdom") in choices
    assert "JP" not in dict(choices)
    assert [name for _code, name in choices] == sorted(name for _code, name in choices)


def test_country_outside_the_region_is_refused(stranger):
    form = form_for(stranger, GERMANY, {"country": "US"})

    assert codes(form) == {"country": ["invalid_choice"]}


def test_page_begins_with_the_country_of_the_provider(stranger):
    form = CustomerForm(membership=stranger)

    assert form["country"].value() == "DE"
    assert form["language"].value() == "en"
    assert "state" not in form.fields


def test_language_follows_the_country(sales_agent):
    form = form_for(sales_agent, JAPAN, {"language": ""})

    assert CustomerForm(membership=sales_agent)["language"].value() == "ja"
    assert form.is_valid()
    assert form.cleaned_data["language"] == "ja"


@pytest.mark.parametrize(
    ("country", "address", "missing"),
    [
        ("DE", {}, ["address_line1", "city", "postal_code"]),
        ("IE", {}, ["address_line1", "city"]),
        ("GB", {"city": "Leeds"}, ["address_line1", "postal_code"]),
        ("GI", {}, ["address_line1"]),
    ],
)
def test_required_fields_follow_the_country(stranger, country, address, missing):
    empty = dict.fromkeys(("address_line1", "city", "state", "postal_code"), "")
    form = form_for(stranger, GERMANY, empty, {"country": country}, address)

    assert codes(form) == {name: ["required"] for name in missing}


def test_fields_that_the_country_does_not_use_are_not_shown_and_not_kept(stranger):
    form = form_for(stranger, GERMANY, {"state": "東京都"})

    assert "state" not in form.fields
    assert form.is_valid(), form.errors
    assert form.cleaned_data["state"] == ""


def test_field_that_the_new_country_needs_appears_with_the_refusal(stranger):
    form = form_for(stranger, GERMANY, {"country": "ES"})

    assert codes(form) == {"state": ["required"]}
    assert '<option value="M">Madrid</option>' in str(form["state"])


def test_prefectures_are_named_for_the_reader(sales_agent):
    with translation.override("ja"):
        japanese = str(CustomerForm(membership=sales_agent)["state"])
    english = str(CustomerForm(membership=sales_agent)["state"])

    assert '<option value="東京都">東京都</option>' in japanese
    assert '<option value="東京都">Tokyo</option>' in english


def test_registration_number_and_phone_are_required_where_the_authorities_want_them(stranger):
    stranger.organisation.country = "AE"

    form = form_for(
        stranger,
        GERMANY,
        {"country": "AE", "state": "Dubai", "postal_code": "", "registration_number": "", "phone": ""},
    )

    assert codes(form) == {"registration_number": ["required"], "phone": ["required"]}


def test_provider_outside_every_region_can_add_nobody(sales_agent):
    sales_agent.organisation.country = "CN"

    form = form_for(sales_agent, JAPAN, {"country": "CN"})

    assert form.fields["country"].choices == []
    assert codes(form)["country"] == ["invalid_choice"]


# Resellers


def test_resellers_are_those_that_the_provider_is_partnered_with(sales_agent, partnership, strange_relationship):
    now = timezone.now()
    former = ready_reseller("Former", number="777")
    PartnershipFactory(provider=partnership.provider, reseller=former, started_at=now, ended_at=now)

    field = CustomerForm(membership=sales_agent).fields["reseller"]

    assert list(field.queryset) == [partnership.reseller]
    assert [label for _value, label in field.choices] == ["No indirect reseller", "Sakura"]


def test_reseller_of_a_stranger_is_refused(sales_agent, strange_relationship):
    form = form_for(sales_agent, JAPAN, {"reseller": str(strange_relationship.reseller.pk)})

    assert codes(form) == {"reseller": ["invalid_choice"]}


def test_reseller_is_preselected(sales_agent, partnership):
    form = CustomerForm(membership=sales_agent, initial={"reseller": partnership.reseller.pk})

    assert f'<option value="{partnership.reseller.pk}" selected>' in str(form["reseller"])


def test_resellers_are_read_with_one_query(sales_agent, provider, django_assert_num_queries):
    for number in ("101", "102", "103"):
        PartnershipFactory(provider=provider, reseller=ready_reseller(f"Reseller {number}", number=number))
    form = CustomerForm(membership=sales_agent)

    with django_assert_num_queries(1):
        str(form["reseller"])


# The customer agreement


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
@pytest.mark.parametrize(("days", "expected"), [(-1, {}), (0, {}), (1, {"agreement_date": ["future"]})])
def test_agreement_cannot_have_been_accepted_tomorrow(sales_agent, days, expected):
    day = date(2026, 3, 1) + timedelta(days=days)

    form = form_for(sales_agent, JAPAN, ATTESTED, {"agreement_date": day.isoformat()})

    assert codes(form) == expected


@time_machine.travel("2026-03-01T20:00:00Z", tick=False)
def test_today_is_the_day_of_the_reader(sales_agent):
    with timezone.override("Asia/Tokyo"):
        form = form_for(sales_agent, JAPAN, ATTESTED, {"agreement_date": "2026-03-02"})

        assert form.is_valid(), form.errors


def test_attested_agreement_needs_who_and_when(sales_agent):
    form = form_for(sales_agent, JAPAN, {"agreement": "attested"})

    assert codes(form) == {name: ["required"] for name in ATTESTATION}


def test_agreement_that_is_not_attested_keeps_nothing_of_it(sales_agent):
    form = form_for(sales_agent, JAPAN, ATTESTED, {"agreement": "to_be_asked", "agreement_date": "gibberish"})

    assert form.is_valid(), form.errors
    assert [form.cleaned_data[name] for name in ATTESTATION] == ["", "", "", None]


# The page


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
