import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from accounts.access import MembershipMissing, RoleMissing, check, public, requires, signed_in
from accounts.roles import Kind, Permission


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def sign(request):
    return HttpResponse("signed")


def request_by(membership):
    request = RequestFactory().get("/")
    request.membership = membership
    return request


def test_the_right_role_in_the_right_kind_gets_in(reseller_admin):
    assert sign(request_by(reseller_admin)).content == b"signed"


def test_the_wrong_kind_finds_nothing(provider_admin):
    with pytest.raises(Http404):
        sign(request_by(provider_admin))


def test_the_wrong_role_is_told_which_role_could(billing_admin):
    with pytest.raises(RoleMissing) as refusal:
        check(billing_admin, Permission.CHANGE_CREDIT)

    assert refusal.value.permission == Permission.CHANGE_CREDIT
    assert refusal.value.needed_roles == ["Global admin", "User management admin", "Admin agent", "Sales agent"]


def test_who_acts_for_nobody_is_turned_away():
    with pytest.raises(MembershipMissing):
        check(None, Permission.VIEW, (Kind.PROVIDER,))


def test_views_carry_what_they_ask_for():
    def view(request):
        return HttpResponse()

    assert sign.access == Permission.ACT_FOR_COMPANY
    assert public(view).access == "public"
    assert signed_in(view).access == "signed in"
    assert public(view).login_required is False
