"""Reset temporary password: asked for first, shown once, kept nowhere."""

import pytest
from django.urls import reverse

from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity
from tests.factories import member
from tests.pages import secrets_of


def reset_url(relationship):
    return reverse("customers:reset_password", args=[relationship.customer_id])


@pytest.mark.parametrize("who", ["provider_admin", "helpdesk", "reseller_admin"])
def test_reset_shows_the_password_once_and_it_works(sign_in, request, relationship, customer_admin, who):
    client = sign_in(request.getfixturevalue(who))

    asked = client.get(reset_url(relationship))
    response = client.post(reset_url(relationship))

    customer_admin.user.refresh_from_db()
    account, password = secrets_of(response)
    assert secrets_of(asked) == []
    assert account == customer_admin.user.email
    assert customer_admin.user.check_password(password)
    assert customer_admin.user.must_change_password
    assert "no-store" in response["Cache-Control"]
    assert secrets_of(client.get(reset_url(relationship))) == []


def test_reset_is_remembered_without_the_password(sign_in, provider_admin, relationship, customer_admin):
    response = sign_in(provider_admin).post(reset_url(relationship))

    activity = Activity.objects.get()
    assert (activity.verb, activity.details) == ("password_reset", {"account": customer_admin.user.email})
    assert secrets_of(response)[1] not in str(Activity.objects.values().get())


def test_looking_at_the_page_changes_nothing(sign_in, provider_admin, relationship, customer_admin):
    before = customer_admin.user.password

    sign_in(provider_admin).get(reset_url(relationship))

    customer_admin.user.refresh_from_db()
    assert customer_admin.user.password == before


def test_reset_signs_the_customer_out(sign_in, provider_admin, relationship, customer_admin):
    customers_browser = sign_in(customer_admin)
    assert customers_browser.get("/").status_code != 302

    sign_in(provider_admin).post(reset_url(relationship))

    assert customers_browser.get("/").status_code == 302


def test_customer_without_an_administrator_is_told(sign_in, provider_admin, relationship):
    response = sign_in(provider_admin).post(reset_url(relationship))

    assert "This customer has no Global admin who could sign in." in response.text
    assert secrets_of(response) == []


def test_person_who_works_elsewhere_too_keeps_the_password(
    sign_in, provider_admin, relationship, customer_admin, stranger
):
    """Else whoever may reset a customer's password could sign in to the other company as well."""
    Membership.objects.create(user=customer_admin.user, organisation=stranger.organisation, roles=[Role.GLOBAL_ADMIN])
    before = customer_admin.user.password

    response = sign_in(provider_admin).post(reset_url(relationship))

    customer_admin.user.refresh_from_db()
    assert (customer_admin.user.password, secrets_of(response)) == (before, [])


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_reset_needs_the_role(sign_in, provider, relationship, customer_admin, role):
    client = sign_in(member(provider.organisation, role))
    before = customer_admin.user.password

    assert [client.get(reset_url(relationship)).status_code, client.post(reset_url(relationship)).status_code] == [
        403
    ] * 2
    customer_admin.user.refresh_from_db()
    assert customer_admin.user.password == before


def test_customers_own_people_do_not_reset_here(sign_in, relationship, customer_admin):
    password = customer_admin.user.password

    answer = sign_in(customer_admin).post(reset_url(relationship))

    customer_admin.user.refresh_from_db()
    assert (answer.status_code, customer_admin.user.password) == (404, password)
