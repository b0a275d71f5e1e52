import pytest
from django.utils import translation

from customers.forms.registration import CustomerForm
from tests.customers.answers import GERMANY, JAPAN, form_for
from tests.refusals import codes


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


def test_page_can_be_drawn_again_for_another_country_without_complaints(stranger):
    form = CustomerForm(initial=GERMANY | {"country": "ES"}, membership=stranger)

    assert form["country"].value() == "ES"
    assert form["company_name"].value() == "Rhein Handel GmbH"
    assert '<option value="M">Madrid</option>' in str(form["state"])
    assert form.errors == {}


def test_qualification_is_none_unless_chosen(sales_agent):
    form = form_for(sales_agent, JAPAN, {"qualification": ""})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["qualification"] == "none"


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
