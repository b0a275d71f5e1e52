"""The pages Enroll as an indirect reseller and Partner agreement."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.middleware import SESSION_KEY
from accounts.models import Membership
from accounts.roles import Role
from resellers.models import PartnerAccount, PartnerAgreement, Reseller
from tests.factories import PartnerAccountFactory, UserFactory, member
from tests.pages import body
from tests.refusals import codes_on

ANSWERS = {
    "company_name": " Ume  Systems　KK ",
    "country": "JP",
    "mpn_id": "００77",
    "website": "ume.example",
    "contact_name": "Umeko",
    "contact_email": "umeko@ume.example",
    "contact_phone": "03-1234-5678",
    "signer_name": "Umeko Yamada",
    "agreed": "on",
}


@pytest.fixture
def person(db):
    return UserFactory(email="umeko@ume.example", name="Umeko")


@pytest.fixture
def client(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


ENROL = "/resellers/enrol/"


def test_enrolling_makes_the_company_and_acts_for_it(client, person):
    response = client.post(ENROL, ANSWERS, follow=True)

    reseller, membership = Reseller.objects.get(), Membership.objects.get()
    assert (str(reseller), str(reseller.organisation.country)) == ("Ume Systems KK", "JP")
    assert (reseller.contact_phone, reseller.website) == ("+81312345678", "https://ume.example")
    assert PartnerAccount.objects.get().number == "0077"
    assert PartnerAgreement.objects.get().signer_name == "Umeko Yamada"
    assert client.session[SESSION_KEY] == membership.pk
    assert response.redirect_chain == [(reverse("resellers:providers"), 302)]
    assert "Ume Systems KK is enrolled as an indirect reseller." in body(response)


def test_enrolling_leads_back_to_the_link_that_asked_for_it(client):
    response = client.post(ENROL, ANSWERS | {"next": "/resellers/invitation/x/"})

    assert response.url == "/resellers/invitation/x/"


def test_enrolling_never_leads_to_another_site(client):
    response = client.post(ENROL, ANSWERS | {"next": "https://evil.example/"})

    assert response.url == reverse("resellers:providers")


def test_enrolling_where_there_is_a_review_says_so(client, settings):
    settings.ENROLMENT_NEEDS_REVIEW = True

    response = client.post(ENROL, ANSWERS, follow=True)

    assert "Ume Systems KK has enrolled. The operator of this portal reviews it now." in body(response)


def test_everything_that_is_missing_is_said_at_once(client):
    response = client.post(ENROL, {"next": ""})

    assert codes_on(response) == {name: ["required"] for name in ANSWERS if name != "website"}
    assert Reseller.objects.count() == 0


def test_everything_that_is_wrong_is_said_at_once_and_kept(client):
    answers = ANSWERS | {
        "country": "KP",
        "mpn_id": "12-A",
        "website": "not a site",
        "contact_email": "umeko@gmail.com",
        "contact_phone": "12",
        "signer_name": "",
        "agreed": "",
    }

    response = client.post(ENROL, answers)

    assert codes_on(response) == {
        "country": ["invalid_choice"],
        "mpn_id": ["mpn_digits"],
        "website": ["invalid"],
        "contact_email": ["free_mail"],
        "contact_phone": ["invalid"],
        "signer_name": ["required"],
        "agreed": ["required"],
    }
    form = response.context["form"]
    assert {name: str(form[name].value()) for name in answers if name not in ("agreed",)} == {
        name: value for name, value in answers.items() if name != "agreed"
    }


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("JP", "+49 30 901820", "+4930901820"),
        ("DE", "030 901820", "+4930901820"),
        ("JP", "０３-１２３４-５６７８", "+81312345678"),
    ],
)
def test_phone_number_is_one_of_the_country_unless_it_says_otherwise(client, country, typed, stored):
    client.post(ENROL, ANSWERS | {"country": country, "contact_phone": typed})

    assert Reseller.objects.get().contact_phone == stored


def test_number_that_is_taken_is_refused_beside_its_field(client):
    PartnerAccountFactory(number="77")

    response = client.post(ENROL, ANSWERS)

    assert codes_on(response) == {"mpn_id": ["mpn_taken"]}
    assert response.context["form"]["company_name"].value() == ANSWERS["company_name"]


@pytest.mark.parametrize("number", ["0", "000"])
def test_zero_is_no_number(client, number):
    assert codes_on(client.post(ENROL, ANSWERS | {"mpn_id": number})) == {"mpn_id": ["mpn_digits"]}


def test_page_begins_with_what_is_known(client):
    form = client.get(ENROL).context["form"]

    assert (form["contact_name"].value(), form["contact_email"].value()) == ("Umeko", "umeko@ume.example")
    assert form["signer_name"].value() == "Umeko"


def test_page_does_not_suggest_an_address_it_would_refuse(db):
    client = Client()
    client.force_login(UserFactory(email="umeko@gmail.com"))

    assert client.get(ENROL).context["form"]["contact_email"].value() == ""


def test_page_offers_the_countries_of_the_programme(client):
    choices = dict(client.get(ENROL).context["form"].fields["country"].choices)

    assert choices["JP"] == "Japan"
    assert "KP" not in choices


def test_who_acts_for_a_reseller_already_is_told(reseller_admin, sign_in):
    html = body(sign_in(reseller_admin).get(ENROL, {"next": "/resellers/providers/"}))

    assert "You act for Sakura, which has enrolled already." in html
    assert 'href="/resellers/providers/"' in html


def test_enrolling_needs_an_account():
    answer = Client().get(ENROL)

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={ENROL}")


# The agreement


SIGN = "/resellers/agreement/"


@pytest.fixture
def unsigned(reseller_admin):
    PartnerAgreement.objects.all().delete()
    return reseller_admin


def test_agreement_is_signed(unsigned, sign_in):
    client = sign_in(unsigned)
    assert "Accept and continue" in body(client.get(SIGN))

    response = client.post(SIGN, {"signer_name": "Saku Ra", "agreed": "on"}, follow=True)

    agreement = PartnerAgreement.objects.get()
    assert (agreement.signer_name, agreement.signed_by) == ("Saku Ra", unsigned.user)
    assert response.redirect_chain == [(reverse("resellers:providers"), 302)]
    assert "The partner agreement is signed." in body(response)


def test_agreement_with_errors_keeps_where_to_go_next(unsigned, sign_in):
    response = sign_in(unsigned).post(SIGN, {"signer_name": "", "next": "/resellers/providers/"})

    assert codes_on(response) == {"signer_name": ["required"], "agreed": ["required"]}
    assert 'name="next" value="/resellers/providers/"' in body(response)
    assert PartnerAgreement.objects.count() == 0


def test_agreement_that_is_signed_says_so(reseller_admin, sign_in):
    html = body(sign_in(reseller_admin).get(SIGN))

    assert "Sakura has signed this agreement." in html
    assert '<form class="one-column"' not in html


def test_agreement_is_for_global_admins_of_resellers(unsigned, provider_admin, sign_in):
    agent = member(unsigned.organisation, Role.ADMIN_AGENT)
    answers = {"signer_name": "Saku Ra", "agreed": "on"}

    assert sign_in(agent).post(SIGN, answers).status_code == 403
    assert sign_in(provider_admin).post(SIGN, answers).status_code == 404
    assert PartnerAgreement.objects.count() == 0
