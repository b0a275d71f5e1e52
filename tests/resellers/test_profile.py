"""Edit company profile: the primary contact and the website of a reseller."""

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Role
from activity.log import codes_of
from activity.models import Activity
from resellers.models import Reseller
from resellers.profile import Profile, change_profile
from tests.factories import UserFactory, member
from tests.refusals import codes_on

PAGE = "/resellers/profile/"
ANSWERS = {
    "contact_name": " 桜井　健太 ",
    "contact_email": "kenta@sakura.example",
    "contact_phone": "03-1234-5678",
    "website": "sakura.example",
}


def stored(reseller) -> tuple:
    reseller = Reseller.objects.get(pk=reseller.pk)
    phone = reseller.contact_phone
    return reseller.contact_name, reseller.contact_email, phone.as_e164 if phone else "", reseller.website


def test_changes_are_kept_and_written_down(reseller):
    profile = Profile("Contact", "new@sakura.example", "+81312345678", "https://sakura.example")

    changed = change_profile(reseller, profile, actor=UserFactory())

    assert changed == ["contact_email", "contact_phone", "website"]
    assert stored(reseller) == ("Contact", "new@sakura.example", "+81312345678", "https://sakura.example")
    line = Activity.objects.get()
    assert (line.verb, line.result, line.target) == ("company_changed", "done", "Sakura")
    assert line.details == {
        "old": {"contact_email": "contact@reseller.example", "contact_phone": "", "website": ""},
        "new": {
            "contact_email": "new@sakura.example",
            "contact_phone": "+81312345678",
            "website": "https://sakura.example",
        },
    }
    assert [each.organisation for each in line.sightings.all()] == [reseller.organisation]


def test_no_change_is_written_nowhere(reseller):
    Reseller.objects.update(contact_phone="+81312345678")
    same = Profile("Contact", "contact@reseller.example", "+81 3-1234-5678")

    assert change_profile(reseller, same, actor=UserFactory()) == []
    assert Activity.objects.count() == 0


def test_a_free_mail_address_is_refused(reseller):
    with pytest.raises(ValidationError) as refusal:
        change_profile(reseller, Profile("Contact", "sakura@gmail.com", ""), actor=UserFactory())

    assert (codes_of(refusal.value), list(refusal.value.message_dict)) == ("free_mail", ["contact_email"])
    assert stored(reseller) == ("Contact", "contact@reseller.example", "", "")
    assert list(Activity.objects.values_list("verb", "refusal")) == [("company_changed", "free_mail")]


def test_the_page_keeps_what_is_typed(reseller_admin, reseller, sign_in):
    response = sign_in(reseller_admin).post(PAGE, ANSWERS, follow=True)

    assert response.redirect_chain == [("/resellers/enrolment/", 302)]
    assert "Company profile saved." in response.content.decode()
    assert stored(reseller) == ("桜井 健太", "kenta@sakura.example", "+81312345678", "https://sakura.example")
    again = sign_in(reseller_admin).post(PAGE, ANSWERS, follow=True)
    assert "Nothing was changed." in again.content.decode()


def test_the_page_shows_what_is_known(reseller_admin, sign_in):
    form = sign_in(reseller_admin).get(PAGE).context["form"]

    assert [field.value() for field in form] == ["Contact", "contact@reseller.example", "", ""]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"contact_email": "sakura@yahoo.co.jp"}, {"contact_email": ["free_mail"]}),
        ({"contact_name": "", "contact_phone": ""}, {"contact_name": ["required"], "contact_phone": ["required"]}),
        ({"contact_phone": "12"}, {"contact_phone": ["invalid"]}),
        ({"website": "not a site"}, {"website": ["invalid"]}),
    ],
)
def test_refusals_stand_beside_their_fields(reseller_admin, reseller, sign_in, change, expected):
    response = sign_in(reseller_admin).post(PAGE, ANSWERS | change)

    assert (response.status_code, codes_on(response)) == (200, expected)
    assert stored(reseller) == ("Contact", "contact@reseller.example", "", "")
    assert response.context["form"]["website"].value() == (ANSWERS | change)["website"]


def test_only_who_acts_for_the_company_may(reseller, provider_admin, sign_in):
    helpdesk = member(reseller.organisation, Role.HELPDESK_AGENT)

    assert [sign_in(helpdesk).post(PAGE, ANSWERS).status_code, sign_in(provider_admin).post(PAGE).status_code] == [
        403,
        404,
    ]
    assert stored(reseller)[0] == "Contact"
