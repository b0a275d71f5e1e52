"""The page Enrollment: what a reseller needs, what is missing, and the line Program info (domain.md §3.2)."""

import pytest
from django.utils import timezone

from accounts.roles import Role
from resellers.checklist import missing_for, program_of, steps_for
from resellers.models import PartnerAccount, PartnerAgreement, Reseller
from tests.factories import PartnerAccountFactory, PartnerAgreementFactory, member
from tests.pages import body
from tests.threads import fresh

PAGE = "/resellers/enrolment/"


@pytest.fixture
def complete(reseller):
    Reseller.objects.update(contact_phone="+81312345678")
    return reseller


def test_nothing_is_missing_of_a_reseller_that_is_ready(complete, reseller_admin):
    steps = steps_for(fresh(reseller_admin))

    assert [(str(step.name), str(step.state), step.is_done) for step in steps] == [
        ("Company profile", "Complete", True),
        ("MPN ID", "Associated", True),
        ("Partner agreement", "Signed", True),
        ("Authorization", "Authorized", True),
    ]
    assert missing_for(fresh(reseller_admin)) == []


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ({"contact_phone": ""}, "a name, an email address and a phone number"),
        ({"contact_name": ""}, "a name, an email address and a phone number"),
        ({"contact_email": ""}, "a name, an email address and a phone number"),
        ({"contact_email": "sakura@gmail.com"}, "at a free mail service"),
    ],
)
def test_an_incomplete_profile_is_named_with_its_page(complete, reseller_admin, profile, text):
    Reseller.objects.update(**profile)

    [step] = missing_for(fresh(reseller_admin))

    assert (str(step.name), step.kind, step.url) == ("Company profile", "warn", "/resellers/profile/")
    assert text in str(step.text)


@pytest.mark.parametrize(
    ("account", "state"),
    [({"is_associated": False}, "Missing"), ({"country": "KR"}, "Wrong country")],
)
def test_a_location_account_that_does_not_do_is_named(complete, reseller_admin, account, state):
    PartnerAccount.objects.update(**account)

    [step] = missing_for(fresh(reseller_admin))

    assert (str(step.name), str(step.state), step.url) == ("MPN ID", state, "/resellers/accounts/")


def test_an_agreement_that_is_not_signed_is_named(complete, reseller_admin):
    PartnerAgreement.objects.update(ended_at=timezone.now())

    [step] = missing_for(fresh(reseller_admin))

    assert (str(step.state), step.url) == ("Not signed", "/resellers/agreement/")


def test_an_agreement_of_another_region_does_not_do(complete, reseller_admin):
    PartnerAgreement.objects.update(region="europe")

    assert [str(step.name) for step in missing_for(fresh(reseller_admin))] == ["Partner agreement"]


@pytest.mark.parametrize(
    ("enrolment", "kind", "program"),
    [
        ("pending", "warn", "Pending qualification"),
        ("rejected", "bad", "Rejected"),
        ("suspended", "bad", "Suspended"),
    ],
)
def test_what_the_operator_decided_is_told_with_what_to_do(complete, reseller_admin, enrolment, kind, program):
    Reseller.objects.update(enrolment=enrolment)

    [step] = missing_for(fresh(reseller_admin))

    assert (str(step.name), str(step.state), step.kind, step.url) == ("Authorization", enrolment.title(), kind, "")
    shown = program_of(fresh(reseller_admin).organisation.reseller)
    assert (str(shown.state), shown.kind, shown.mpn_id) == (program, kind, "0012345")


def test_the_program_is_active_only_with_number_and_agreement(complete, reseller_admin):
    def program() -> tuple[str, str]:
        shown = program_of(fresh(reseller_admin).organisation.reseller)
        return str(shown.state), shown.mpn_id

    assert program() == ("Active", "0012345")
    PartnerAgreement.objects.update(ended_at=timezone.now())
    assert program() == ("Pending qualification", "0012345")
    PartnerAgreement.objects.update(ended_at=None)
    PartnerAccount.objects.update(is_associated=False)
    assert program() == ("Pending qualification", "")


def test_who_may_not_act_is_shown_who_may(reseller, sign_in):
    PartnerAgreement.objects.update(ended_at=timezone.now())
    helpdesk = member(reseller.organisation, Role.HELPDESK_AGENT)

    html = body(sign_in(helpdesk).get(PAGE))

    assert [step.url for step in missing_for(helpdesk)] == ["", ""]
    assert "/resellers/agreement/" not in html
    assert "/resellers/profile/" not in html
    assert "Roles that may do this: Global admin" in html


def test_the_page_shows_every_signature_of_ones_own(complete, reseller_admin, strange_relationship, sign_in):
    PartnerAgreement.objects.filter(organisation=reseller_admin.organisation).update(
        ended_at=timezone.now(), version="2025-01"
    )
    PartnerAgreementFactory(organisation=reseller_admin.organisation, signer_name="桜井 健太")

    response = sign_in(reseller_admin).get(PAGE)

    assert [(each.version, each.signer_name, region) for each, region in response.context["signatures"]] == [
        ("2026-11", "桜井 健太", "Japan"),
        ("2025-01", "Signer", "Japan"),
    ]
    assert body(response).count("Holds") == 1


def test_the_sign_page_shows_them_as_well_and_an_older_version_still_holds(complete, reseller_admin, sign_in):
    PartnerAgreement.objects.update(version="2020-01")

    response = sign_in(reseller_admin).get("/resellers/agreement/")

    assert response.context["is_signed"]
    assert "2020-01" in body(response)
    assert "Accept and continue" not in body(response)


def test_the_page_takes_as_many_queries_for_one_row_as_for_three(
    reseller_admin, sign_in, django_assert_max_num_queries
):
    client = sign_in(reseller_admin)
    client.get(PAGE)
    with django_assert_max_num_queries(12) as one:
        client.get(PAGE)
    for _each in range(2):
        PartnerAccountFactory(organisation=reseller_admin.organisation, is_associated=False)
        PartnerAgreementFactory(organisation=reseller_admin.organisation, ended_at=timezone.now())
    with django_assert_max_num_queries(12) as three:
        client.get(PAGE)

    assert len(three) == len(one)


def test_the_page_is_for_resellers(provider_admin, customer_admin, sign_in):
    assert [sign_in(each).get(PAGE).status_code for each in (provider_admin, customer_admin)] == [404, 404]
