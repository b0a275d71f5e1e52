"""The pages MPN accounts, Register an MPN ID and Associate."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from resellers.models import PartnerAccount
from tests.factories import PartnerAccountFactory, member, ready_reseller
from tests.pages import body
from tests.refusals import codes_on

LIST = "/resellers/accounts/"
REGISTER = "/resellers/accounts/register/"
ANSWERS = {"number": "００54321", "kind": "location", "country": "JP"}


@pytest.fixture
def helpdesk_there(reseller):
    return member(reseller.organisation, Role.HELPDESK_AGENT)


@pytest.fixture
def another(reseller):
    return PartnerAccountFactory(organisation=reseller.organisation, number="0054321", is_associated=False)


def associate_url(account) -> str:
    return reverse("resellers:account_associate", args=[account.pk])


def test_list_shows_ones_own_numbers_and_marks_the_associated_one(
    reseller_admin, another, strange_relationship, sign_in
):
    PartnerAccountFactory(
        organisation=reseller_admin.organisation, number="7", kind="global", is_associated=False, country="KR"
    )

    response = sign_in(reseller_admin).get(LIST)

    assert [(str(account), problem and problem.code) for account, problem in response.context["rows"]] == [
        ("0012345", "associated_already"),
        ("7", "mpn_global"),
        ("0054321", None),
    ]
    html = body(response)
    assert html.count("Goes into Reseller (MPN ID)") == 1
    assert associate_url(another) in html
    assert "77001" not in html


def test_who_may_not_change_sees_the_numbers_and_who_may(helpdesk_there, another, sign_in):
    html = body(sign_in(helpdesk_there).get(LIST))

    assert "0054321" in html
    assert "Roles that may do this: Global admin" in html
    assert (REGISTER in html, associate_url(another) in html) == (False, False)


def test_without_a_number_the_page_says_what_to_do(reseller_admin, sign_in):
    PartnerAccount.objects.all().delete()

    html = body(sign_in(reseller_admin).get(LIST))

    assert "No MPN ID yet" in html
    assert html.count(f'href="{REGISTER}"') == 2


def test_list_needs_as_many_queries_for_one_as_for_three(reseller_admin, sign_in, django_assert_max_num_queries):
    client = sign_in(reseller_admin)
    client.get(LIST)
    with django_assert_max_num_queries(12) as one:
        client.get(LIST)
    for _each in range(2):
        PartnerAccountFactory(organisation=reseller_admin.organisation, is_associated=False)
    with django_assert_max_num_queries(12) as three:
        client.get(LIST)

    assert len(three) == len(one)


def test_a_number_is_registered_as_typed_without_its_width(reseller_admin, sign_in):
    response = sign_in(reseller_admin).post(REGISTER, ANSWERS, follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    assert "MPN ID 0054321 is registered." in body(response)
    account = PartnerAccount.objects.get(number="0054321")
    assert (account.organisation, account.kind, str(account.country), account.is_associated) == (
        reseller_admin.organisation,
        "location",
        "JP",
        False,
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"number": ""}, {"number": ["required"]}),
        ({"number": "12a"}, {"number": ["mpn_digits"]}),
        ({"number": "000"}, {"number": ["mpn_digits"]}),
        ({"number": "1" * 13}, {"number": ["max_length"]}),
        ({"number": "77001"}, {"number": ["mpn_taken"]}),
        ({"number": "12345"}, {"number": ["mpn_own_already"]}),
        ({"kind": "else", "country": "XX"}, {"kind": ["invalid_choice"], "country": ["invalid_choice"]}),
    ],
)
def test_refusals_stand_beside_their_fields(reseller_admin, strange_relationship, sign_in, change, expected):
    response = sign_in(reseller_admin).post(REGISTER, ANSWERS | change)

    assert (response.status_code, codes_on(response)) == (200, expected)
    assert PartnerAccount.objects.filter(organisation=reseller_admin.organisation).count() == 1
    assert "Mosel" not in body(response)
    assert response.context["form"]["number"].value() == (ANSWERS | change)["number"]


def test_the_form_begins_with_a_location_in_ones_own_country(reseller_admin, sign_in):
    form = sign_in(reseller_admin).get(REGISTER).context["form"]

    assert (form["country"].value(), form["kind"].value()) == ("JP", "location")


def test_association_says_what_follows_and_happens_on_post(reseller_admin, another, sign_in):
    client, url = sign_in(reseller_admin), associate_url(another)

    page = body(client.get(url))
    assert "Subscriptions that credit 0012345 go on crediting it" in page
    assert PartnerAccount.objects.get(is_associated=True).number == "0012345"

    response = client.post(url, follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    assert "0054321 is now the associated MPN ID." in body(response)
    assert PartnerAccount.objects.get(is_associated=True) == another


def test_association_of_the_first_number_speaks_of_no_other(reseller_admin, sign_in):
    PartnerAccount.objects.update(is_associated=False)

    page = body(sign_in(reseller_admin).get(associate_url(PartnerAccount.objects.get())))

    assert "Subscriptions that exist keep what they credit." in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_cannot_be_associated_is_explained(reseller_admin, another, sign_in, method):
    PartnerAccount.objects.filter(pk=another.pk).update(country="KR")

    response = getattr(sign_in(reseller_admin), method)(associate_url(another))

    assert response.status_code == 200
    assert response.context["problem"].code == "wrong_country"
    assert "0054321 is in another country than your company, Japan" in body(response)
    assert PartnerAccount.objects.get(is_associated=True).number == "0012345"


def test_changing_needs_the_role(helpdesk_there, another, sign_in):
    client = sign_in(helpdesk_there)

    assert [client.get(url).status_code for url in (REGISTER, associate_url(another))] == [403, 403]
    assert [client.post(url, ANSWERS).status_code for url in (REGISTER, associate_url(another))] == [403, 403]
    assert PartnerAccount.objects.get(is_associated=True).number == "0012345"


def test_a_strangers_number_and_a_partners_are_not_found(
    another, reseller_admin, strange_relationship, provider_admin, sign_in
):
    theirs = PartnerAccount.objects.get(organisation=strange_relationship.reseller_id)
    other_member = member(ready_reseller("Ume").organisation, Role.GLOBAL_ADMIN)

    assert sign_in(reseller_admin).post(associate_url(theirs)).status_code == 404
    assert sign_in(other_member).post(associate_url(another)).status_code == 404
    assert sign_in(provider_admin).post(associate_url(another)).status_code == 404
    assert not PartnerAccount.objects.get(pk=another.pk).is_associated
