import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from tests.factories import OrganisationFactory, member


@pytest.fixture
def second(provider_admin):
    """The same person in another company, whose name sorts after Kita."""
    membership = member(OrganisationFactory(name="Yama"), Role.SALES_AGENT)
    membership.user = provider_admin.user
    membership.save(update_fields=["user"])
    type(provider_admin.organisation).objects.filter(pk=membership.organisation_id).update(kind="reseller")
    return membership


def acting_for(client):
    membership = client.get("/me/profile/").context["membership"]
    return membership and membership.organisation.name


def test_one_acts_for_the_only_organisation(provider_admin, sign_in):
    assert acting_for(sign_in(provider_admin)) == "Kita"


def test_one_acts_for_the_first_of_several_and_can_switch(provider_admin, second, sign_in):
    client = sign_in(provider_admin)

    assert acting_for(client) == "Kita"

    response = client.post("/me/switch/", {"membership": second.pk})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert acting_for(client) == "Yama"


def test_nobody_switches_to_a_strangers_organisation(provider_admin, stranger, sign_in):
    client = sign_in(provider_admin)

    client.post("/me/switch/", {"membership": stranger.pk})

    assert acting_for(client) == "Kita"


def test_a_membership_in_the_session_is_checked_again(provider_admin, stranger, sign_in):
    client = sign_in(provider_admin)
    session = client.session
    session["membership"] = stranger.pk
    session.save()

    assert acting_for(client) == "Kita"


def test_an_ended_membership_ends_at_once(provider_admin, second, sign_in):
    client = sign_in(provider_admin)
    client.post("/me/switch/", {"membership": second.pk})
    second.ended_at = timezone.now()
    second.save(update_fields=["ended_at"])

    assert acting_for(client) == "Kita"


def test_roles_are_looked_up_for_every_request(provider_admin, sign_in):
    client = sign_in(provider_admin)
    assert client.get("/resellers/requests/").status_code == 200
    provider_admin.roles = []
    provider_admin.save(update_fields=["roles"])

    assert client.get("/resellers/requests/").status_code == 403


def test_a_deactivated_person_is_signed_out(provider_admin, sign_in):
    client = sign_in(provider_admin)
    provider_admin.user.is_active = False
    provider_admin.user.save(update_fields=["is_active"])

    response = client.get("/activity/")

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/activity/")


def test_switching_is_a_post(provider_admin, sign_in):
    assert sign_in(provider_admin).get("/me/switch/").status_code == 405


def test_a_temporary_password_comes_first(provider_admin, sign_in):
    provider_admin.user.must_change_password = True
    provider_admin.user.save(update_fields=["must_change_password"])
    client = sign_in(provider_admin)

    page = client.get("/resellers/")
    fragment = client.get("/resellers/", headers={"HX-Request": "true"})

    assert (page.status_code, page["Location"]) == (302, "/me/new-password/")
    assert (fragment.status_code, fragment["HX-Redirect"]) == (200, "/me/new-password/")
    assert client.post("/me/switch/", {"membership": provider_admin.pk})["Location"] == "/me/new-password/"
    assert client.get("/me/new-password/").status_code == 200
    assert client.post("/language/", {"language": "ja", "next": "/"})["Location"] == "/"
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"


def test_signed_out_visitors_have_no_membership(db):
    response = Client().get("/accounts/login/")

    assert response.context["membership"] is None
    assert response.context["menu"] == []


def test_a_fragment_after_the_session_has_ended_sends_the_whole_page_to_sign_in(db):
    response = Client().get("/activity/", headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (200, "/accounts/login/?next=/activity/")
