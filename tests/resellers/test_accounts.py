"""A reseller's own MPN IDs: another number, and which of them is associated (domain.md §3.1)."""

import pytest
from django.core.exceptions import ValidationError

from activity.log import codes_of
from activity.models import Activity
from resellers.accounts import AccountKind, associate_account, register_account, why_not_associated
from resellers.models import PartnerAccount
from tests.factories import (
    PartnerAccountFactory,
    PartnershipFactory,
    ResellerOfRecordFactory,
    UserFactory,
    ready_reseller,
)
from tests.threads import at_once


def numbers(reseller) -> list[tuple[str, str, bool]]:
    own = PartnerAccount.objects.filter(organisation=reseller.pk).order_by("pk")
    return list(own.values_list("number", "kind", "is_associated"))


def log() -> list[tuple]:
    return list(Activity.objects.order_by("pk").values_list("verb", "result", "refusal", "details"))


@pytest.fixture
def person(db):
    return UserFactory()


def test_another_location_is_registered_and_not_yet_associated(reseller, person):
    account = register_account(reseller, number="0054321", kind=AccountKind.LOCATION, country="JP", actor=person)

    assert numbers(reseller) == [("0012345", "location", True), ("0054321", "location", False)]
    assert str(account.country) == "JP"
    assert log() == [
        ("account_added", "done", "", {"mpn_id": "0054321", "kind": "location", "country": "JP"}),
    ]
    assert [each.organisation for each in Activity.objects.get().sightings.all()] == [reseller.organisation]


def test_one_global_account_is_registered_and_no_second(reseller, person):
    register_account(reseller, number="7", kind=AccountKind.GLOBAL, country="JP", actor=person)

    with pytest.raises(ValidationError) as refusal:
        register_account(reseller, number="8", kind=AccountKind.GLOBAL, country="JP", actor=person)

    assert (codes_of(refusal.value), list(refusal.value.message_dict)) == ("global_already", ["kind"])
    assert numbers(reseller) == [("0012345", "location", True), ("7", "global", False)]


@pytest.mark.parametrize("number", ["12345", "0012345", "000012345"])
def test_ones_own_number_is_not_registered_twice(reseller, person, number):
    with pytest.raises(ValidationError) as refusal:
        register_account(reseller, number=number, kind=AccountKind.LOCATION, country="JP", actor=person)

    assert (codes_of(refusal.value), list(refusal.value.message_dict)) == ("mpn_own_already", ["number"])
    assert numbers(reseller) == [("0012345", "location", True)]


def test_a_number_of_another_company_is_refused_without_a_name(reseller, person):
    ready_reseller("Tsubaki", number="0099")

    with pytest.raises(ValidationError) as refusal:
        register_account(reseller, number="99", kind=AccountKind.LOCATION, country="JP", actor=person)

    assert codes_of(refusal.value) == "mpn_taken"
    assert "Tsubaki" not in " ".join(refusal.value.messages)
    [(verb, result, code, details)] = log()
    assert (verb, result, code) == ("account_added", "refused", "mpn_taken")
    assert "Tsubaki" not in str(details)
    assert numbers(reseller) == [("0012345", "location", True)]


def test_another_location_is_associated_and_credit_keeps_the_old_one(reseller, partnership, subscription, person):
    old = reseller.organisation.partner_accounts.get()
    credit = ResellerOfRecordFactory(subscription=subscription, partner_account=old)
    new = PartnerAccountFactory(organisation=reseller.organisation, number="0054321", is_associated=False)

    associated = associate_account(new, actor=person)

    credit.refresh_from_db()
    assert associated == new
    assert numbers(reseller) == [("0012345", "location", False), ("0054321", "location", True)]
    assert (credit.partner_account, credit.ends_at) == (old, None)
    assert log() == [("account_associated", "done", "", {"old": "0012345", "new": "0054321"})]


def test_partners_of_today_read_that_the_number_changed(reseller, partnership, stranger, person):
    PartnershipFactory(
        provider=stranger.organisation.provider, reseller=reseller, ended_at="2999-01-01T00:00Z"
    )  # was one
    new = PartnerAccountFactory(organisation=reseller.organisation, is_associated=False)

    associate_account(new, actor=person)

    told = {each.organisation.name for each in Activity.objects.get().sightings.all()}
    assert told == {"Sakura", "Kita"}


def test_the_first_account_of_a_company_is_associated(reseller, person):
    PartnerAccount.objects.update(is_associated=False)

    associate_account(PartnerAccount.objects.get(), actor=person)

    assert numbers(reseller) == [("0012345", "location", True)]
    assert log() == [("account_associated", "done", "", {"old": "", "new": "0012345"})]


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"is_associated": False, "kind": AccountKind.GLOBAL}, "mpn_global"),
        ({"is_associated": False, "country": "KR"}, "wrong_country"),
        (None, "associated_already"),
    ],
)
def test_what_cannot_be_associated_is_refused(reseller, person, account, code):
    own = reseller.organisation
    chosen = PartnerAccountFactory(organisation=own, number="77", **account) if account else own.partner_accounts.get()
    before = numbers(reseller)

    with pytest.raises(ValidationError) as refusal:
        associate_account(chosen, actor=person)

    assert codes_of(refusal.value) == code
    assert codes_of(why_not_associated(chosen, country="JP")) == code
    assert numbers(reseller) == before
    assert [line[:3] for line in log()] == [("account_associated", "refused", code)]


def test_a_country_is_named_in_the_refusal(reseller):
    account = PartnerAccountFactory.build(organisation=reseller.organisation, country="KR", is_associated=False)

    assert "than your company, Japan" in why_not_associated(account, country="JP").messages[0]
    account.country = "JP"
    assert why_not_associated(account, country="JP") is None


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_two_choose_at_once_and_exactly_one_is_associated(reseller):
    person = UserFactory()
    one, two = (PartnerAccountFactory(organisation=reseller.organisation, is_associated=False) for _each in range(2))

    answers = at_once(lambda: associate_account(one, actor=person), lambda: associate_account(two, actor=person))

    assert answers == ["done", "done"]
    [associated] = PartnerAccount.objects.filter(is_associated=True)
    assert associated in (one, two)


@pytest.mark.django_db(transaction=True)
def test_two_choose_the_same_and_the_second_is_told(reseller):
    person = UserFactory()
    one = PartnerAccountFactory(organisation=reseller.organisation, is_associated=False)

    answers = at_once(*[lambda: associate_account(one, actor=person)] * 2)

    assert sorted(answers) == ["associated_already", "done"]


@pytest.mark.django_db(transaction=True)
def test_two_companies_register_one_number(reseller):
    person, other = UserFactory(), ready_reseller("Ume")
    location = {"kind": AccountKind.LOCATION, "country": "JP", "actor": person}

    answers = at_once(
        lambda: register_account(reseller, number="00777", **location),
        lambda: register_account(other, number="777", **location),
    )

    assert sorted(answers) == ["done", "mpn_taken"]
    assert PartnerAccount.objects.numbered("777").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_register_a_global_account_each(reseller):
    headquarters = {"kind": AccountKind.GLOBAL, "country": "JP", "actor": UserFactory()}

    answers = at_once(
        lambda: register_account(reseller, number="777", **headquarters),
        lambda: register_account(reseller, number="778", **headquarters),
    )

    assert sorted(answers) == ["done", "global_already"]
