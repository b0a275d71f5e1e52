from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from activity.details import LABELS
from activity.models import Activity
from customers.models import Relationship
from partnercenter.demo.people import PASSWORD
from providers.models import ProfileProposal
from resellers.models import ContactRequest, Partnership, PartnershipRequest, Reseller
from subscriptions.models import Charge, Offer, OrderDraft, ResellerOfRecord, Statement, Subscription
from tests.factories import ProviderFactory


@pytest.fixture(autouse=True)
def _developing(settings):
    settings.DEBUG = True


def load(capsys, *options):
    call_command("load_demo", *options)
    return capsys.readouterr().out


def numbers():
    return [model.objects.count() for model in (Organisation, User, Relationship, Subscription, Activity, Offer)]


@pytest.fixture
def demo(db, capsys):
    return load(capsys)


def test_the_demo_has_what_there_is_to_see(demo, capsys):
    """One test, because loading takes a while; what is seen where is tested with the pages."""
    kita = Membership.objects.get(user__email="sales-agent@kita.example")
    rhein = Membership.objects.get(user__email="global-admin@rhein.example")
    requests = {request.state for request in PartnershipRequest.objects.all()}
    resellers = dict(Reseller.objects.values_list("contact_email", "enrolment"))
    year_ago = timezone.now() - timedelta(days=366)
    ends = Subscription.objects.not_ended().exclude(ends_at=None).values_list("ends_at", flat=True)
    log = list(Activity.objects.order_by("pk").values_list("happened_at", flat=True))

    assert numbers()[2] == 61
    assert not set(Relationship.objects.visible_to(kita)) & set(Relationship.objects.visible_to(rhein))
    assert requests == set(PartnershipRequest.State)
    assert set(resellers.values()) == set(Reseller.Enrolment)
    assert resellers["global-admin@tsubaki.example"] == "pending"
    assert Partnership.objects.exclude(ended_at=None).count() == 1
    assert OrderDraft.objects.open().get().account["company_name"] == "株式会社りんご出版"
    assert Subscription.objects.filter(status="suspended").count() == 2
    assert {*Charge.objects.values_list("kind", flat=True)} >= {"purchase", "cycle", "licences_added", "renewal"}
    assert Statement.objects.exclude(closed_at=None).dates("month", "month").count() >= 11
    assert ResellerOfRecord.objects.exclude(ends_at=None).count() == 4  # an add-on goes with its base
    assert Activity.objects.filter(result="refused").get().refusal == "wrong_region"
    assert sorted(ProfileProposal.objects.values_list("state", flat=True)) == ["approved"] * 2 + ["declined", "open"]
    assert ContactRequest.objects.get(closed_at=None).created_at < timezone.now() - timedelta(days=4)
    assert min(ends) > timezone.now()
    assert log == sorted(log)
    assert year_ago < log[0] < timezone.now() - timedelta(days=360)
    assert {name for details in Activity.objects.values_list("details", flat=True) for name in details} <= set(LABELS)

    before = numbers()

    assert load(capsys) == load(capsys, "--if-empty") == demo
    assert numbers() == before


def test_everybody_who_is_named_can_sign_in(demo):
    addresses = [line.split()[0] for line in demo.splitlines()[1:]]

    signed_in = {address: Client().login(email=address, password=PASSWORD) for address in addresses}

    assert len(addresses) == 10
    assert signed_in == dict.fromkeys(addresses, True)
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["operator@portal.example"]
    assert PASSWORD in demo


def test_a_database_that_is_in_use_is_left_alone_when_asked(db, capsys):
    ProviderFactory()
    before = numbers()

    assert load(capsys, "--if-empty") == ""
    assert numbers() == before


def test_the_demo_is_not_for_production(db, settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="Demo data is for development"):
        call_command("load_demo")

    assert User.objects.count() == 0
