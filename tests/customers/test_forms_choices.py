from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from customers.forms.registration import ATTESTATION, CustomerForm
from tests.customers.answers import ATTESTED, JAPAN, form_for
from tests.factories import PartnershipFactory, ready_reseller
from tests.refusals import codes

# Resellers


def test_resellers_are_those_that_the_provider_is_partnered_with(sales_agent, partnership, strange_relationship):
    now = timezone.now()
    former = ready_reseller("Former", number="777")
    PartnershipFactory(provider=partnership.provider, reseller=former, started_at=now, ended_at=now)

    field = CustomerForm(membership=sales_agent).fields["reseller"]

    assert list(field.widget.choices) == [("", "No indirect reseller"), (str(partnership.reseller.pk), "Sakura")]


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
