"""Two at the same moment, with real threads and real transactions (design.md §4.2 and §4.3)."""

from threading import Event, Timer

import pytest
from django.core import mail

from accounts.roles import Role
from activity.models import Activity
from outbox.models import OutgoingEmail
from outbox.post import deliver, post
from resellers.enrolment import Enrolment, enrol, sign_agreement
from resellers.models import PartnerAccount, PartnerAgreement, Partnership, PartnershipRequest
from resellers.partnerships import accept_request, end_partnership, send_request, withdraw_request
from tests.factories import PartnershipRequestFactory, UserFactory, member, ready_reseller
from tests.threads import at_once, fresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("_round", range(5))
def test_two_companies_accept_one_single_use_link(provider, reseller_admin, _round):
    request = PartnershipRequestFactory(provider=provider)
    other = member(ready_reseller("Ume").organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: accept_request(request, membership=fresh(reseller_admin)),
        lambda: accept_request(request, membership=fresh(other)),
    )

    assert sorted(answers) == ["done", "request_used"]
    assert Partnership.objects.count() == 1
    assert PartnershipRequest.objects.get().uses == 1
    assert sorted(Activity.objects.values_list("result", flat=True)) == ["done", "refused"]


@pytest.mark.parametrize("_round", range(5))
def test_two_colleagues_accept_one_link(provider, reseller, reseller_admin, _round):
    request = PartnershipRequestFactory(provider=provider, max_uses=None)
    colleague = member(reseller.organisation, Role.GLOBAL_ADMIN)

    answers = at_once(
        lambda: accept_request(request, membership=fresh(reseller_admin)),
        lambda: accept_request(request, membership=fresh(colleague)),
    )

    assert sorted(answers) == ["already_partners", "done"]
    assert Partnership.objects.count() == 1
    assert PartnershipRequest.objects.get().uses == 1


@pytest.mark.parametrize("_round", range(5))
def test_one_company_accepts_two_links_of_one_provider(provider, reseller_admin, _round):
    first, second = PartnershipRequestFactory(provider=provider), PartnershipRequestFactory(provider=provider)

    answers = at_once(
        lambda: accept_request(first, membership=fresh(reseller_admin)),
        lambda: accept_request(second, membership=fresh(reseller_admin)),
    )

    assert sorted(answers) == ["already_partners", "done"]
    assert Partnership.objects.count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_accept_and_withdraw(provider, sales_agent, reseller_admin, _round):
    request = PartnershipRequestFactory(provider=provider)

    answers = at_once(
        lambda: accept_request(request, membership=fresh(reseller_admin)),
        lambda: withdraw_request(request, actor=sales_agent.user),
    )

    assert answers in (["done", "request_used"], ["request_withdrawn", "done"])
    assert Partnership.objects.count() == (1 if answers[0] == "done" else 0)


def test_two_remove_one_partnership(partnership, provider_admin, sales_agent):
    answers = at_once(
        lambda: end_partnership(partnership, actor=provider_admin.user),
        lambda: end_partnership(partnership, actor=sales_agent.user),
    )

    assert sorted(answers) == ["done", "partnership_ended"]


def test_two_send_one_request(provider, sales_agent):
    request = PartnershipRequestFactory(provider=provider, recipient="reseller@sakura.example")

    answers = at_once(*[lambda: send_request(request, actor=sales_agent.user)] * 2)

    assert sorted(answers) == ["done", "mail_waiting"]
    assert OutgoingEmail.objects.count() == 1


def test_two_workers_deliver_one_message(provider, mailoutbox):
    email = post(sender=provider.organisation, to="a@b.example", language="en", subject="Hello", text="Hello.")

    at_once(*[lambda: deliver(email.pk)] * 3)

    assert len(mailoutbox) == 1


def test_two_sign_one_agreement(reseller, reseller_admin):
    PartnerAgreement.objects.all().delete()

    answers = at_once(
        *[lambda: sign_agreement(reseller, signer_name="Signer", actor=reseller_admin.user)] * 2,
    )

    assert answers == ["done", "done"]
    assert PartnerAgreement.objects.count() == 1


def test_two_enrol_with_one_number(db):
    person = UserFactory()
    details = Enrolment("Ume", "JP", "0077", "Umeko", "umeko@ume.example", "+81312345678", "Umeko")

    answers = at_once(*[lambda: enrol(details, actor=person)] * 2)

    assert sorted(answers) == ["done", "mpn_taken"]
    assert PartnerAccount.objects.count() == 1


class SlowBackend:
    """A mail server that takes its time, so that somebody can withdraw in the middle of a delivery."""

    begun, may_end = Event(), Event()
    taken = 0

    def __init__(self, **_options):
        pass

    def send_messages(self, messages):
        SlowBackend.begun.set()
        assert SlowBackend.may_end.wait(10)
        SlowBackend.taken += len(messages)
        return len(messages)


def sent_request(provider, actor):
    request = PartnershipRequestFactory(provider=provider, recipient="a@sakura.example")
    return send_request(request, actor=actor)


@pytest.mark.parametrize("_round", range(5))
def test_withdraw_and_deliver_end_as_one_of_the_two(provider, sales_agent, _round):
    request = sent_request(provider, sales_agent.user)

    at_once(lambda: withdraw_request(request, actor=sales_agent.user), lambda: deliver(request.email.pk))

    email = OutgoingEmail.objects.get()
    assert (email.state, len(mail.outbox)) in (("withdrawn", 0), ("sent", 1))
    assert PartnershipRequest.objects.get().state == "withdrawn"


def test_a_delivery_under_way_is_waited_for(provider, sales_agent, settings):
    settings.EMAIL_BACKEND = "tests.resellers.test_races.SlowBackend"
    request = sent_request(provider, sales_agent.user)

    def withdraw_meanwhile():
        SlowBackend.begun.wait(10)
        Timer(0.3, SlowBackend.may_end.set).start()
        withdraw_request(request, actor=sales_agent.user)

    answers = at_once(lambda: deliver(request.email.pk), withdraw_meanwhile)

    assert (answers, OutgoingEmail.objects.get().state, SlowBackend.taken) == (["done", "done"], "sent", 1)
