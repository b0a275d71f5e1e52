import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Membership, Organisation, User, check_time_zone
from accounts.roles import Kind, Permission, Role
from tests.factories import UserFactory, member


def test_addresses_are_kept_in_lower_case_and_found_in_any(db):
    user = User.objects.create_user(" Hanako@Kita.Example ", "a long enough password", name="Hanako")

    assert str(user) == user.email == "hanako@kita.example"
    assert User.objects.get_by_natural_key("HANAKO@kita.example") == user
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_an_address_belongs_to_one_person_whatever_its_case(db):
    UserFactory(email="hanako@kita.example")

    with pytest.raises(IntegrityError, match="accounts_user_email"), transaction.atomic():
        UserFactory(email="Hanako@kita.example")


def test_a_superuser_may_use_the_operators_pages(db):
    user = User.objects.create_superuser("operator@portal.example", "a long enough password")

    assert (user.is_staff, user.is_superuser) == (True, True)


def test_a_person_without_a_name_goes_by_the_address():
    assert User(email="a@b.example").get_full_name() == "a@b.example"
    assert User(email="a@b.example", name="Hanako").get_short_name() == "Hanako"


def test_time_zones_are_those_that_exist():
    check_time_zone("Asia/Tokyo")

    with pytest.raises(ValidationError, match=r"Mars/Base is not a time zone\."):
        check_time_zone("Mars/Base")


def test_one_sees_ones_own_company_and_people(provider_admin, sales_agent, stranger):
    assert list(Organisation.objects.visible_to(provider_admin)) == [provider_admin.organisation]
    assert set(Membership.objects.visible_to(provider_admin)) == {provider_admin, sales_agent}
    assert list(Organisation.objects.visible_to(None)) == list(Membership.objects.visible_to(None)) == []


def test_a_person_is_in_a_company_once(provider_admin):
    with pytest.raises(IntegrityError, match="accounts_membership_once"), transaction.atomic():
        Membership.objects.create(user=provider_admin.user, organisation=provider_admin.organisation)


def test_a_role_that_does_not_exist_is_not_kept(provider_admin):
    provider_admin.roles = ["emperor"]

    with pytest.raises(IntegrityError, match="accounts_membership_roles"), transaction.atomic():
        provider_admin.save()


def test_a_membership_knows_its_kind_and_what_it_may_do(reseller):
    membership = member(reseller.organisation, Role.HELPDESK_AGENT, email="helpdesk@sakura.example")

    assert str(membership) == "helpdesk@sakura.example · Sakura"
    assert membership.kind == Kind.RESELLER
    assert membership.can(Permission.EDIT_CUSTOMERS)
    assert not membership.can(Permission.PLACE_ORDERS)
