import pytest
from django.core.exceptions import ValidationError

from accounts.models import Membership, Organisation
from activity.log import codes_of
from activity.models import Activity
from activity.verbs import Verb
from resellers.enrolment import (
    AGREEMENT_VERSION,
    Enrolment,
    check_work_address,
    decide_enrolment,
    enrol,
    sign_agreement,
)
from resellers.models import PartnerAccount, PartnerAgreement, Partnership, Reseller
from tests.factories import PartnerAccountFactory, ResellerFactory, UserFactory, member

COMPANY = Enrolment(
    company_name="Ume Systems KK",
    country="JP",
    mpn_id="0077",
    contact_name="Umeko",
    contact_email="umeko@ume.example",
    contact_phone="+81312345678",
    signer_name="Umeko Yamada",
    website="https://ume.example",
)


@pytest.fixture
def person(db):
    return UserFactory(email="umeko@ume.example", name="Umeko")


def changed(**changes) -> Enrolment:
    return Enrolment(**(COMPANY.__dict__ | changes))


def refused(details, person) -> str:
    with pytest.raises(ValidationError) as refusal:
        enrol(details, actor=person)
    return codes_of(refusal.value)


def test_session_of_before_a_reset_enrols_nothing(person):
    type(person).objects.filter(pk=person.pk).update(password="another")

    assert refused(COMPANY, person) == "sign_in_again"

    assert (Organisation.objects.count(), Membership.objects.count()) == (0, 0)


def test_enrol_makes_a_reseller_that_can_partner(person):
    membership = enrol(COMPANY, actor=person)

    reseller = Reseller.objects.get()
    account, agreement = PartnerAccount.objects.get(), PartnerAgreement.objects.get()
    assert membership.organisation == reseller.organisation
    assert (membership.user, membership.roles) == (person, ["global_admin", "admin_agent"])
    assert (str(reseller), reseller.enrolment, reseller.region) == ("Ume Systems KK", "authorized", "japan")
    assert (reseller.contact_name, reseller.contact_email) == ("Umeko", "umeko@ume.example")
    assert (reseller.contact_phone, reseller.website) == ("+81312345678", "https://ume.example")
    assert (account.number, account.kind, account.is_associated) == ("0077", "location", True)
    assert (agreement.region, agreement.version, agreement.signed_by) == ("japan", AGREEMENT_VERSION, person)
    assert agreement.signer_name == "Umeko Yamada"
    assert [each.verb for each in Activity.objects.order_by("pk")] == ["reseller_enrolled", "agreement_signed"]


def test_enrol_waits_for_a_review_where_there_is_one(person, settings):
    settings.ENROLMENT_NEEDS_REVIEW = True

    enrol(COMPANY, actor=person)

    assert Reseller.objects.get().enrolment == "pending"


@pytest.mark.parametrize("number", ["0077", "77"])
def test_enrol_with_a_number_that_is_taken_leaves_nothing(person, number):
    PartnerAccountFactory(number="0077")
    companies = Organisation.objects.count()

    assert refused(changed(mpn_id=number), person) == "mpn_taken"
    assert Organisation.objects.count() == companies
    assert Membership.objects.count() == 0


def test_enrol_where_the_programme_is_not_sold_is_refused(person):
    assert refused(changed(country="KP"), person) == "no_region"


@pytest.mark.parametrize(
    "address",
    [
        "a@gmail.com",
        "a@GMAIL.com",
        "a@yahoo.co.jp",
        "a@ymail.ne.jp",
        "a@icloud.com",
        "a@me.com",
        "a@aol.com",
        "a@outlook.jp",
        "a@hotmail.co.uk",
        "a@live.com.au",
    ],
)
def test_free_mail_is_no_work_address(address):
    with pytest.raises(ValidationError) as refusal:
        check_work_address(address)

    assert codes_of(refusal.value) == "free_mail"
    assert address.partition("@")[2].lower() in refusal.value.messages[0]


@pytest.mark.parametrize("address", ["a@ume.example", "a@gmail.ume.example", "a@outlookers.com", "a@livecorp.com"])
def test_work_address_is_a_work_address(address):
    assert check_work_address(address) is None


def test_sign_agreement_once(person):
    reseller = ResellerFactory()
    admin = member(reseller.organisation)

    first = sign_agreement(reseller, signer_name="First", actor=admin.user)
    second = sign_agreement(reseller, signer_name="Second", actor=admin.user)

    assert first == second
    assert PartnerAgreement.objects.get().signer_name == "First"
    [line] = Activity.objects.all()
    assert (line.verb, line.details) == ("agreement_signed", {"version": AGREEMENT_VERSION, "signer": "First"})


def test_sign_agreement_again_after_it_ended(person):
    reseller = ResellerFactory()
    ended = sign_agreement(reseller, signer_name="First", actor=person)
    ended.ended_at = ended.signed_at
    ended.save()

    assert sign_agreement(reseller, signer_name="Second", actor=person) != ended


# The operator's decision


@pytest.mark.parametrize(
    ("old", "new", "verb"),
    [
        (Reseller.Enrolment.PENDING, Reseller.Enrolment.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
        (Reseller.Enrolment.PENDING, Reseller.Enrolment.REJECTED, Verb.ENROLMENT_REJECTED),
        (Reseller.Enrolment.AUTHORIZED, Reseller.Enrolment.REJECTED, Verb.ENROLMENT_REJECTED),
        (Reseller.Enrolment.AUTHORIZED, Reseller.Enrolment.SUSPENDED, Verb.ENROLMENT_SUSPENDED),
        (Reseller.Enrolment.REJECTED, Reseller.Enrolment.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
        (Reseller.Enrolment.SUSPENDED, Reseller.Enrolment.AUTHORIZED, Verb.ENROLMENT_AUTHORIZED),
    ],
)
def test_a_decision_changes_the_enrolment_and_leaves_a_line(reseller, reseller_admin, stranger, old, new, verb):
    operator = UserFactory()
    Reseller.objects.update(enrolment=old)

    decided = decide_enrolment(reseller, new, actor=operator)
    line = Activity.objects.visible_to(reseller_admin).get()

    assert decided.enrolment == Reseller.objects.get().enrolment == new
    assert (line.verb, line.actor, line.target, line.details) == (verb, operator, "Sakura", {"old": old})
    assert list(Activity.objects.visible_to(stranger)) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (Reseller.Enrolment.AUTHORIZED, Reseller.Enrolment.AUTHORIZED, "enrolment_unchanged"),
        (Reseller.Enrolment.SUSPENDED, Reseller.Enrolment.SUSPENDED, "enrolment_unchanged"),
        (Reseller.Enrolment.PENDING, Reseller.Enrolment.SUSPENDED, "not_authorized"),
        (Reseller.Enrolment.REJECTED, Reseller.Enrolment.SUSPENDED, "not_authorized"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(reseller, old, new, code):
    Reseller.objects.update(enrolment=old)

    with pytest.raises(ValidationError) as refusal:
        decide_enrolment(reseller, new, actor=UserFactory())

    assert refusal.value.code == code
    assert Reseller.objects.get().enrolment == old
    assert list(Activity.objects.values_list("result", "refusal")) == [("refused", code)]


def test_a_suspension_ends_no_partnership(partnership):
    decide_enrolment(partnership.reseller, Reseller.Enrolment.SUSPENDED, actor=UserFactory())

    assert list(Partnership.objects.active()) == [partnership]
