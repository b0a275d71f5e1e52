import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from customers.models import Customer, Delegation, Relationship, folded
from tests.factories import CustomerFactory, RelationshipFactory, ResellerFactory


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ＡＯＢＡ ", "aoba"), ("ｱｵﾊﾞ", "アオバ"), ("Straße", "strasse"), (" a  b ", "a  b")],
)
def test_folded_makes_widths_and_cases_the_same(text, expected):
    assert folded(text) == expected


# Who sees what


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("provider_admin", True),
        ("reseller_admin", True),
        ("customer_admin", True),
        ("stranger", False),
    ],
)
def test_customer_and_relationship_are_visible_to_those_who_are_part_of_it(request, relationship, who, sees):
    membership = request.getfixturevalue(who)
    expected = [relationship] if sees else []

    assert list(Relationship.objects.visible_to(membership)) == expected
    assert list(Customer.objects.visible_to(membership)) == [each.customer for each in expected]


@pytest.mark.parametrize("model", [Customer, Relationship, Delegation])
def test_nobody_sees_nothing(relationship, model):
    assert list(model.objects.visible_to(None)) == []


def test_relationship_of_an_unknown_kind_of_company_shows_nothing(relationship, provider_admin):
    provider_admin.organisation.kind = "customer"

    assert list(Relationship.objects.visible_to(provider_admin)) == []


def test_ended_relationship_is_not_seen_any_more(relationship, provider_admin, reseller_admin):
    relationship.ended_at = relationship.created_at
    relationship.save()

    for membership in (provider_admin, reseller_admin):
        assert list(Relationship.objects.visible_to(membership)) == []
        assert list(Customer.objects.visible_to(membership)) == []


def test_delegations_are_seen_by_who_gave_has_or_provides(
    relationship, provider_admin, reseller_admin, customer_admin, stranger
):
    given = {
        partner.pk: Delegation.objects.get(customer=relationship.customer, partner=partner.organisation)
        for partner in (relationship.provider, relationship.reseller)
    }
    both = list(given.values())

    seen = {
        membership.organisation.name: list(Delegation.objects.visible_to(membership).order_by("pk"))
        for membership in (provider_admin, reseller_admin, customer_admin, stranger)
    }

    assert seen == {"Kita": both, "Sakura": [given[relationship.reseller_id]], "Aoba": both, "Rhein": []}


# What the database does not let through


def test_domain_is_unique_regardless_of_case(relationship):
    with pytest.raises(IntegrityError, match="customers_customer_domain"), transaction.atomic():
        CustomerFactory(primary_domain="AOBA.onmicrosoft.com")


def test_provider_and_customer_have_one_relationship_at_a_time(relationship):
    with pytest.raises(IntegrityError, match="customers_relationship_one_active"), transaction.atomic():
        RelationshipFactory(provider=relationship.provider, customer=relationship.customer)

    relationship.ended_at = relationship.created_at
    relationship.save()
    again = RelationshipFactory(provider=relationship.provider, customer=relationship.customer)
    assert list(Relationship.objects.filter(ended_at=None)) == [again]


def test_access_is_given_once_until_it_is_withdrawn(relationship):
    fields = {
        "customer": relationship.customer,
        "partner": relationship.provider.organisation,
        "privilege": "tenant_owner",
    }
    first = Delegation.objects.create(**fields)

    with pytest.raises(IntegrityError, match="customers_delegation_once"), transaction.atomic():
        Delegation.objects.create(**fields)
    first.withdrawn_at = first.granted_at
    first.save()
    given = Delegation.objects.filter(customer=relationship.customer, privilege="tenant_owner")
    assert list(given.active()) == []
    assert list(given) == [first]


# Words and links


@pytest.mark.parametrize(("language", "expected"), [("en", "Hanako Yamada"), ("ja", "Yamada Hanako")])
def test_contact_name_follows_the_customers_language(db, language, expected):
    assert CustomerFactory(language=language).contact_name == expected


def test_rows_know_what_they_are_called_and_where_they_are(relationship):
    customer = relationship.customer
    delegation = Delegation(
        customer=customer, partner=relationship.provider.organisation, privilege=Delegation.Privilege.TENANT_OWNER
    )

    assert (str(customer), str(relationship)) == ("Aoba", "Kita – Aoba")
    assert str(delegation) == "Aoba → Kita: tenant owner"
    assert customer.get_absolute_url() == reverse("customers:account", args=[customer.pk])


def test_names_are_taken_for_sorting_and_searching(db):
    relationship = RelationshipFactory(
        customer=CustomerFactory(organisation__name="Ｓａｋｕｒａ 商事", primary_domain="SAKURA.onmicrosoft.com"),
        reseller=ResellerFactory(),
    )

    assert relationship.sort_name == "sakura 商事"
    assert relationship.search_text == f"sakura 商事 sakura.onmicrosoft.com {relationship.customer_id}"


def test_search_wants_every_word(relationship):
    found = {text: list(Relationship.objects.search(text)) for text in ("AOBA onm", "aoba x", "")}

    assert found == {"AOBA onm": [relationship], "aoba x": [], "": [relationship]}


def test_domain_is_not_for_editing():
    assert not Customer._meta.get_field("primary_domain").editable


def test_attested_agreement_needs_its_day(relationship):
    agreement = relationship.customer.agreements.model(
        customer=relationship.customer, provider=relationship.provider, source="attested"
    )

    with pytest.raises(ValidationError):
        agreement.full_clean()
    with pytest.raises(IntegrityError, match="customers_agreement_attested_when"), transaction.atomic():
        agreement.save()
    assert str(agreement) == "Aoba · Customer has accepted the latest agreement"
