"""Every named address of the portal, tried by six kinds of visitors: who gets in, who is told “not your role”, and to
whom it does not exist. An address that is missing from the table fails the suite.
"""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.roles import Permission
from resellers.models import PartnershipRequest
from tests.addresses import OUR_VIEWS, PATTERNS

# What comes back: a status, or "in" for the redirect to sign-in. POST where the address changes something.
# address                        method  anonymous  admin  billing  reseller  customer  stranger
TABLE = """
overview                         GET     in         200    200      200       200       200
account_settings                 GET     in         200    200      200       200       200
health                           GET     200        200    200      200       200       200
robots                           GET     200        200    200      200       200       200
sitemap                          GET     200        200    200      200       200       200
directory:list                   GET     200        200    200      200       200       200
directory:entry                  GET     200        200    200      200       200       200
directory:own                    GET     in         200    200      404       404       200
directory:propose                GET     in         200    403      404       404       200
directory:preview                POST    in         200    403      404       404       200
directory:withdraw               POST    in         302    403      404       404       404
set_language                     POST    302        302    302      302       302       302
styleguide                       GET     200        200    200      200       200       200
accounts:switch                  POST    in         302    302      302       302       302
accounts:new_password            GET     in         302    302      302       302       302
accounts:profile                 GET     in         200    200      200       200       200
activity:list                    GET     in         200    200      200       200       200
activity:export                  GET     in         200    200      200       200       200
notices:list                     GET     in         200    200      200       200       200
notices:read_all                 POST    in         302    302      302       302       302
notices:mail                     GET     in         200    200      200       200       200
notices:read                     POST    in         302    404      404       404       404
staff:list                       GET     in         200    200      200       200       200
staff:export                     GET     in         200    200      200       200       200
staff:add                        GET     in         200    403      200       200       200
staff:person                     GET     in         200    200      404       404       404
staff:roles                      POST    in         200    403      404       404       404
staff:suspend                    POST    in         302    403      404       404       404
staff:reactivate                 POST    in         200    403      404       404       404
staff:remove                     GET     in         200    403      404       404       404
staff:reset_password             GET     in         200    403      404       404       404
staff:invitations                GET     in         200    200      200       200       200
staff:invite                     GET     in         200    403      200       200       200
staff:invitation                 GET     in         200    403      404       404       404
staff:invitation_language        POST    in         200    403      404       404       404
staff:invitation_send            POST    in         200    403      404       404       404
staff:invitation_send_again      POST    in         302    403      404       404       404
staff:invitation_withdraw        POST    in         302    403      404       404       404
staff:join_return                GET     404        404    404      404       404       404
staff:join                       GET     200        200    200      200       200       200
staff:accept                     POST    302        302    302      302       302       302
staff:decline                    POST    302        302    302      302       302       302
resellers:list                   GET     in         200    200      404       404       200
resellers:export                 GET     in         200    200      404       404       200
resellers:requests               GET     in         200    200      404       404       200
resellers:request_create         POST    in         302    403      404       404       302
resellers:request                GET     in         200    403      404       404       404
resellers:request_language       POST    in         200    403      404       404       404
resellers:request_send           POST    in         200    403      404       404       404
resellers:request_send_again     POST    in         302    403      404       404       404
resellers:request_withdraw       POST    in         302    403      404       404       404
resellers:contacts               GET     in         200    200      404       404       200
resellers:contact_export         GET     in         200    200      404       404       200
resellers:contact_request        POST    in         302    403      404       404       404
resellers:contact_close          POST    in         302    403      404       404       404
resellers:contact_ask            GET     in         404    404      200       404       404
resellers:end                    GET     in         200    403      404       404       404
resellers:keep                   GET     in         200    403      404       404       404
resellers:invitation_return      GET     404        404    404      404       404       404
resellers:invitation             GET     200        200    200      200       200       200
resellers:authorize              POST    302        200    200      200       200       200
resellers:decline                POST    302        302    302      302       302       302
resellers:enrol                  GET     in         200    200      200       200       200
resellers:sign_agreement         GET     in         404    404      200       404       404
resellers:support_profile        GET     in         200    200      200       404       200
resellers:providers              GET     in         404    404      200       404       404
resellers:leave                  GET     in         404    404      200       404       404
resellers:stay                   POST    in         404    404      302       404       404
resellers:enrolment_status       GET     in         404    404      200       404       404
resellers:profile                GET     in         404    404      200       404       404
resellers:accounts               GET     in         404    404      200       404       404
resellers:account_register       GET     in         404    404      200       404       404
resellers:account_associate      GET     in         404    404      200       404       404
customers:list                   GET     in         200    200      200       404       200
customers:export                 GET     in         200    200      200       404       200
customers:account                GET     in         200    200      200       200       404
customers:row                    GET     in         200    200      200       404       404
customers:edit                   GET     in         200    403      200       404       404
customers:reset_password         GET     in         200    403      200       404       404
customers:partners               GET     in         404    404      404       200       404
customers:administration_give    POST    in         404    404      404       302       404
customers:administration_withdraw POST   in         404    404      404       302       404
customers:user_settings          GET     in         200    200      200       200       404
customers:owner_grant            GET     in         200    403      404       200       404
customers:owner_withdraw         GET     in         200    403      404       200       404
customers:end                    GET     in         200    403      404       404       404
customers:requests               GET     in         200    200      200       404       200
customers:request_create         POST    in         302    403      302       404       302
customers:request                GET     in         200    403      404       404       404
customers:request_language       POST    in         200    403      404       404       404
customers:request_send           POST    in         200    403      404       404       404
customers:request_send_again     POST    in         302    403      404       404       404
customers:request_withdraw       POST    in         302    403      404       404       404
customers:invitation_return      GET     404        404    404      404       404       404
customers:invitation             GET     200        200    200      200       200       200
customers:authorize              POST    302        200    200      200       200       200
customers:decline                POST    302        302    302      302       302       302
orders:list                      GET     in         200    200      200       200       200
orders:export                    GET     in         200    200      200       200       200
orders:detail                    GET     in         200    200      200       200       404
orders:new                       GET     in         200    403      404       404       200
orders:add                       GET     in         200    403      404       404       404
orders:check_domain              GET     in         200    403      404       404       200
orders:address_fields            GET     in         200    403      404       404       200
orders:verify                    GET     in         200    403      404       404       200
orders:partners                  GET     in         200    200      404       404       200
orders:drafts                    GET     in         200    200      200       200       200
orders:draft                     GET     in         302    403      404       404       404
orders:account                   GET     in         200    403      404       404       404
orders:subscriptions             GET     in         200    403      404       404       404
orders:review                    GET     in         302    403      404       404       404
orders:submit                    POST    in         302    403      404       404       404
orders:cancel                    POST    in         302    403      404       404       404
orders:confirmation              GET     in         302    403      404       404       404
subscriptions:list               GET     in         200    200      200       200       200
subscriptions:export             GET     in         200    200      200       200       200
subscriptions:credited           GET     in         404    404      200       404       404
subscriptions:credited_export    GET     in         404    404      200       404       404
subscriptions:supported          GET     in         404    404      200       404       404
subscriptions:supported_export   GET     in         404    404      200       404       404
subscriptions:renewals           GET     in         200    200      200       404       200
subscriptions:renewals_export    GET     in         200    200      200       404       200
subscriptions:price_list         GET     in         200    200      404       404       200
subscriptions:price_list_export  GET     in         200    200      404       404       200
subscriptions:own_prices         GET     in         404    404      200       404       404
subscriptions:own_prices_export  GET     in         404    404      200       404       404
subscriptions:markups            GET     in         200    200      404       404       200
subscriptions:markups_export     GET     in         200    200      404       404       200
subscriptions:markup_add         GET     in         200    200      404       404       200
subscriptions:markup_edit        GET     in         200    200      404       404       404
subscriptions:markup_remove      POST    in         302    302      404       404       404
incentives:list                  GET     in         200    200      200       404       200
incentives:export                GET     in         200    200      200       404       200
incentives:uncredited            GET     in         200    200      404       404       200
incentives:uncredited_export     GET     in         200    200      404       404       200
incentives:detail                GET     in         200    200      404       404       404
incentives:detail_export         GET     in         200    200      404       404       404
subscriptions:bulk_list          GET     in         200    200      404       404       200
subscriptions:bulk_new           GET     in         200    403      404       404       200
subscriptions:bulk_upload        GET     in         200    403      404       404       200
subscriptions:bulk_detail        GET     in         200    200      404       404       404
subscriptions:bulk_start         POST    in         302    403      404       404       404
subscriptions:bulk_cancel        POST    in         302    403      404       404       404
subscriptions:bulk_export        GET     in         200    200      404       404       404
subscriptions:verify             GET     in         200    403      404       404       200
subscriptions:customer           GET     in         200    200      200       200       404
subscriptions:detail             GET     in         200    200      200       200       404
subscriptions:suspend            POST    in         302    403      302       404       404
subscriptions:reactivate         POST    in         302    403      302       404       404
subscriptions:cancel             POST    in         200    403      404       404       404
subscriptions:plan               POST    in         200    403      200       404       404
subscriptions:plan_withdraw      POST    in         302    403      302       404       404
subscriptions:upgrade            POST    in         200    403      404       404       404
subscriptions:convert            POST    in         200    403      404       404       404
subscriptions:history            GET     in         200    200      200       200       404
subscriptions:history_export     GET     in         200    200      200       200       404
subscriptions:licences           GET     in         200    200      200       200       404
subscriptions:licences_export    GET     in         200    200      200       200       404
subscriptions:licences_assign    POST    in         200    403      200       200       404
subscriptions:licence_withdraw   POST    in         302    403      302       302       404
subscriptions:user_licences      GET     in         200    200      200       200       404
subscriptions:user_assign        POST    in         200    403      200       200       404
subscriptions:users              GET     in         200    200      200       404       404
subscriptions:users_export       GET     in         200    200      200       404       404
subscriptions:user_add           POST    in         200    403      200       404       404
statements:list                  GET     in         200    200      200       404       200
statements:export                GET     in         200    200      200       404       200
statements:detail                GET     in         200    200      200       404       404
statements:reconciliation        GET     in         200    200      200       404       404
support:list                     GET     in         200    200      200       200       200
support:export                   GET     in         200    200      200       200       200
support:new                      GET     in         404    404      404       200       404
support:detail                   GET     in         200    200      200       200       404
support:write                    POST    in         200    403      200       200       404
support:close                    POST    in         302    403      302       302       404
support:reopen                   POST    in         302    403      302       302       404
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
OPEN_ACCOUNT_PAGES = [
    "account_inactive",
    "account_login",
    "account_password_reset_completed",
    "account_reset_password",
    "account_signup",
]
VISITORS = ("anonymous", "provider_admin", "billing_admin", "reseller_admin", "customer_admin", "stranger")


def test_every_address_is_in_the_table():
    assert sorted(OUR_VIEWS) + ["styleguide"] * ("styleguide" not in OUR_VIEWS) == sorted(row[0] for row in ROWS)


@pytest.mark.parametrize("name", OUR_VIEWS)
def test_every_view_declares_who_may_use_it(name: str):
    access = getattr(OUR_VIEWS[name], "access", None)

    assert access in {"public", "signed in", *Permission}, f"{name} has no @public, @signed_in or @requires"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_address_answers_each_visitor_as_the_table_says(row, addresses, request, strange_subscription):
    name, method, *expected = row
    if name not in OUR_VIEWS:
        pytest.skip("only while developing")
    address = reverse(name, args=addresses.get(name, []))

    answers = [answer(method, address, visitor, request) for visitor in VISITORS]

    assert dict(zip(VISITORS, answers, strict=True)) == dict(zip(VISITORS, expected, strict=True))


def answer(method: str, address: str, visitor: str, request: pytest.FixtureRequest) -> str:
    """What the visitor gets; what the visit changed is undone, so that the next one finds the same stage."""
    client = Client()
    if visitor != "anonymous":
        client.force_login(request.getfixturevalue(visitor).user)
    with transaction.atomic():
        response = client.get(address) if method == "GET" else client.post(address)
        b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    if response.status_code == 302 and response["Location"].startswith(reverse("account_login")):
        return "in"
    return str(response.status_code)


@pytest.mark.django_db
def test_only_signing_in_and_up_is_open_among_the_account_pages(client):
    """django-allauth's pages, for somebody who has not signed in: open, or a redirect; nothing of anybody's."""
    names = [name for name in PATTERNS if name.startswith("account_") and name != "account_settings"]
    open_pages = []
    for name in names:
        try:
            address = reverse(name)
        except Exception:  # noqa: BLE001  # a page with a key in its address: needs a valid one
            continue
        if client.get(address).status_code == 200:
            open_pages.append(name)

    assert sorted(open_pages) == OPEN_ACCOUNT_PAGES


@pytest.mark.django_db
def test_a_wrong_token_opens_nothing(client, addresses):
    code, _token = addresses["resellers:invitation"]

    response = client.get(reverse("resellers:invitation", args=[code, "x" * 43]))

    assert response.status_code == 404
    assert PartnershipRequest.objects.get(code=code).is_open
