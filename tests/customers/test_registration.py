import re
from datetime import date

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Membership, Organisation, User
from accounts.passwords import Credentials, new_password
from accounts.roles import Kind, Role
from activity.log import codes_of
from activity.models import Activity, Sighting
from customers.models import Customer, CustomerAgreement, Delegation, Relationship
from customers.registration import (
    CustomerDetails,
    domain_is_free,
    parties,
    register_customer,
    reset_temporary_password,
)
from tests.customers.answers import ATTESTED, JAPAN, form_for
from tests.factories import CustomerFactory, RelationshipFactory, UserFactory


def details_of(membership, *typed):
    form = form_for(membership, JAPAN, *typed)
    assert form.is_valid(), form.errors
    return CustomerDetails.from_form(form.cleaned_data)


@pytest.fixture
def details(provider_admin):
    return details_of(provider_admin)


def test_details_are_what_the_form_says(provider_admin, partnership, reseller):
    details = details_of(provider_admin, ATTESTED, {"reseller": str(reseller.pk), "domain_prefix": "Sakura"})

    assert details.primary_domain == "sakura.onmicrosoft.com"
    assert (details.company_name, details.country, details.reseller) == ("株式会社さくら", "JP", reseller)
    assert (details.agreement, details.agreement_date) == ("attested", date(2026, 3, 1))


def test_register_customer_makes_everything_that_belongs_to_it(provider_admin, partnership, reseller):
    details = details_of(provider_admin, ATTESTED, {"reseller": str(reseller.pk)})

    relationship, credentials = register_customer(details, provider=partnership.provider, actor=provider_admin.user)

    customer = Customer.objects.get()
    assert (customer.organisation.name, customer.organisation.kind) == ("株式会社さくら", Kind.CUSTOMER)
    assert (customer.primary_domain, customer.state, customer.language) == ("sakura.onmicrosoft.com", "東京都", "ja")
    assert relationship == Relationship.objects.get(customer=customer, provider=partnership.provider, reseller=reseller)
    assert relationship.search_text == f"株式会社さくら sakura.onmicrosoft.com {customer.pk}"
    assert set(Delegation.objects.values_list("partner", "privilege")) == {
        (partnership.provider.pk, "delegated_admin"),
        (reseller.pk, "delegated_admin"),
    }
    agreement = CustomerAgreement.objects.get()
    assert (agreement.source, agreement.first_name, agreement.agreed_on) == ("attested", "花子", date(2026, 3, 1))
    membership = Membership.objects.get(organisation=customer.organisation)
    assert (membership.roles, membership.user.name) == ([Role.GLOBAL_ADMIN], "山田 花子")
    assert credentials.account_name == membership.user.email == "admin@sakura.onmicrosoft.com"


def test_register_customer_without_a_reseller_delegates_to_the_provider_alone(provider_admin, details):
    relationship, _credentials = register_customer(
        details, provider=provider_admin.organisation.provider, actor=provider_admin.user
    )

    assert relationship.reseller is None
    assert list(Delegation.objects.values_list("partner", flat=True)) == [provider_admin.organisation_id]


def test_register_customer_tells_those_who_were_there(provider_admin, partnership, reseller):
    details = details_of(provider_admin, {"reseller": str(reseller.pk)})

    relationship, _credentials = register_customer(details, provider=partnership.provider, actor=provider_admin.user)

    activity = Activity.objects.get()
    assert (activity.verb, activity.details) == (
        "customer_added",
        {"domain": "sakura.onmicrosoft.com", "reseller": "Sakura"},
    )
    assert set(Sighting.objects.values_list("organisation", flat=True)) == {
        partnership.provider.pk,
        reseller.pk,
        relationship.customer_id,
    }


def test_register_customer_gives_a_temporary_password_that_works_once(provider_admin, details, rf):
    _relationship, credentials = register_customer(
        details, provider=provider_admin.organisation.provider, actor=provider_admin.user
    )

    user = User.objects.get(email=credentials.account_name)
    assert authenticate(rf.post("/"), email=credentials.account_name, password=credentials.password) == user
    assert user.must_change_password
    assert credentials.password not in user.password


@pytest.mark.parametrize("taken", ["sakura.onmicrosoft.com", "SAKURA.onmicrosoft.com"])
def test_register_customer_refuses_a_domain_that_somebody_has(provider_admin, details, taken):
    CustomerFactory(primary_domain=taken)
    before = (Organisation.objects.count(), User.objects.count())

    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        register_customer(details, provider=provider_admin.organisation.provider, actor=provider_admin.user)

    assert (codes_of(refusal.value), list(refusal.value.error_dict)) == ("domain_taken", ["domain_prefix"])
    assert (Organisation.objects.count(), User.objects.count()) == before


def test_register_customer_refuses_an_account_name_that_somebody_signed_up_with(provider_admin, details):
    UserFactory(email="admin@sakura.onmicrosoft.com")

    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        register_customer(details, provider=provider_admin.organisation.provider, actor=provider_admin.user)

    assert codes_of(refusal.value) == "domain_taken"
    assert Customer.objects.count() == 0


def test_domain_is_free_regardless_of_case(db):
    CustomerFactory(primary_domain="sakura.onmicrosoft.com")

    assert (domain_is_free("SAKURA"), domain_is_free("sakura2")) == (False, True)


def test_new_password_can_be_read_aloud():
    passwords = {new_password() for _each in range(200)}

    assert len(passwords) == 200
    assert all(re.fullmatch(r"[a-km-np-zACDEFHJ-NP-RT-Z2-4679]{4}(-[a-zA-Z0-9]{4}){3}", each) for each in passwords)
    assert not set("".join(passwords)) & set("lo01IOBGS58")


def test_credentials_do_not_print_their_password():
    assert repr(Credentials("admin@sakura.onmicrosoft.com", "secret")) == (
        "Credentials('admin@sakura.onmicrosoft.com', password=…)"
    )


def test_parties_are_provider_customer_and_reseller(relationship):
    assert parties(relationship) == [
        relationship.provider.organisation,
        relationship.customer.organisation,
        relationship.reseller.organisation,
    ]
    assert len(parties(RelationshipFactory())) == 2


def test_reset_temporary_password_replaces_the_password_of_the_first_global_admin(
    provider_admin, relationship, customer_admin, rf
):
    credentials = reset_temporary_password(relationship, membership=provider_admin)

    user = User.objects.get(pk=customer_admin.user_id)
    assert (credentials.account_name, user.must_change_password) == (user.email, True)
    assert user.check_password(credentials.password)
    assert list(Activity.objects.values_list("verb", "refusal", "details__account")) == [
        ("password_reset", "", "admin@aoba.onmicrosoft.com")
    ]


def test_reset_temporary_password_is_refused_without_an_administrator(provider_admin, relationship):
    with pytest.raises(ValidationError) as refusal:
        reset_temporary_password(relationship, membership=provider_admin)

    assert codes_of(refusal.value) == "no_administrator"
    assert list(Activity.objects.values_list("verb", "refusal")) == [("password_reset", "no_administrator")]


@pytest.mark.parametrize("also", ["operator", "elsewhere"])
def test_reset_temporary_password_leaves_a_password_that_opens_more(
    provider_admin, relationship, customer_admin, provider, also
):
    if also == "operator":
        User.objects.filter(pk=customer_admin.user_id).update(is_staff=True)
    else:
        Membership.objects.create(user=customer_admin.user, organisation=provider.organisation, roles=[])
    before = User.objects.get(pk=customer_admin.user_id).password

    with pytest.raises(ValidationError) as refusal:
        reset_temporary_password(relationship, membership=provider_admin)

    assert codes_of(refusal.value) == "no_administrator"
    assert User.objects.get(pk=customer_admin.user_id).password == before
