from datetime import UTC, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from resellers.models import PartnerAgreement
from tests.factories import PartnerAccountFactory, member


def test_one_sees_ones_own_company(provider_admin, stranger, sign_in):
    response = sign_in(provider_admin).get("/account-settings/")
    html = response.content.decode()

    assert response.context["organisation"] == provider_admin.organisation
    assert str(provider_admin.organisation_id) in html
    assert response.context["region"] == "Japan"
    assert "Ask your representative to change it, or propose the change here." in html
    assert "Rhein" not in html
    assert "Partner agreement" not in html


def test_the_page_says_ones_roles_and_whom_to_ask(provider_admin, sales_agent, stranger, sign_in):
    gone = member(provider_admin.organisation, Role.GLOBAL_ADMIN, name="Gone Admin")
    gone.ended_at = timezone.now()
    gone.save(update_fields=["ended_at"])

    responses = [sign_in(who).get("/account-settings/") for who in (provider_admin, sales_agent)]

    assert [response.context["own_roles"] for response in responses] == ["Global admin", "Sales agent"]
    assert [response.context["global_admins"] for response in responses] == [[provider_admin.user.name]] * 2
    assert "Manage users and their roles" in responses[0].text
    assert "See users and their roles" in responses[1].text
    assert ['href="/staff/"' in response.text for response in responses] == [True, True]


def test_the_page_takes_as_many_queries_for_three_people_as_for_one(provider_admin, provider, sign_in):
    client = sign_in(provider_admin)
    counts = []
    for _person in range(3):
        with CaptureQueriesContext(connection) as queries:
            client.get("/account-settings/")
        counts.append(len(queries))
        member(provider.organisation, Role.HELPDESK_AGENT)
        PartnerAccountFactory(organisation=provider.organisation, is_associated=False)

    assert counts == [counts[0]] * 3
    assert counts[0] <= 12


def test_a_reseller_sees_its_numbers_and_its_agreement(reseller_admin, reseller, sign_in):
    signed = datetime(2026, 11, 1, tzinfo=UTC)
    PartnerAgreement.objects.update(signer_name="桜井 健太", signed_at=signed)
    PartnerAccountFactory(organisation=reseller.organisation, number="5012340", kind="global", is_associated=False)

    response = sign_in(reseller_admin).get("/account-settings/")
    html = response.content.decode()

    assert [account.number for account in response.context["accounts"]] == ["0012345", "5012340"]
    assert "桜井 健太" in html
    assert "2026-11" in html
    assert 'href="/resellers/agreement/"' not in html


def test_a_reseller_without_an_agreement_is_asked_for_it(reseller_admin, reseller, sign_in):
    PartnerAgreement.objects.update(ended_at=timezone.now())

    html = sign_in(reseller_admin).get("/account-settings/").content.decode()
    others = sign_in(member(reseller.organisation, Role.SALES_AGENT)).get("/account-settings/").content.decode()

    assert 'href="/resellers/agreement/"' in html
    assert 'href="/resellers/agreement/"' not in others
    assert "Ask a colleague with one of these roles to sign it: Global admin." in others


def test_a_company_without_a_number_is_told_whom_to_ask(provider_admin, sign_in):
    html = sign_in(provider_admin).get("/account-settings/").content.decode()

    assert "No MPN ID is registered for your company." in html


def test_a_customer_sees_neither_numbers_nor_agreement(customer_admin, sign_in):
    html = sign_in(customer_admin).get("/account-settings/").content.decode()

    assert "Organization profile" in html
    assert "Identifiers" not in html
    assert "Partner agreement" not in html
