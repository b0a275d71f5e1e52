"""The cast of every test: Kita (Japan) is ours, Sakura its partner, Rhein (Germany) a stranger."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation

from accounts.models import Membership
from accounts.roles import Kind, Role
from tests.addresses import addresses  # noqa: F401  # a fixture
from tests.factories import (
    CustomerFactory,
    PartnershipFactory,
    ProviderFactory,
    RelationshipFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)


@pytest.fixture(autouse=True)
def _quick(settings):
    """Passwords are hashed fast, static files need no manifest, each test has a cache (and rate limits) of its own."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session", autouse=True)
def _no_session_is_left(django_db_setup, django_db_blocker):
    """A browser that leaves in the middle of a request may leave a session behind, which keeps the database alive."""
    yield
    with django_db_blocker.unblock():
        connection.close_pool()
        with connection._nodb_cursor() as cursor:
            database = connection.settings_dict["NAME"]
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and backend_type = 'client backend'",
                [database],
            )


@pytest.fixture(autouse=True)
def _english():
    """A request leaves its language behind in the thread, where the next test would find it."""
    yield
    translation.deactivate()


@pytest.fixture
def provider(db):
    return ProviderFactory(organisation__name="Kita", organisation__country="JP")


@pytest.fixture
def provider_admin(provider) -> Membership:
    return member(provider.organisation, Role.GLOBAL_ADMIN, email="global-admin@kita.example")


@pytest.fixture
def sales_agent(provider) -> Membership:
    return member(provider.organisation, Role.SALES_AGENT, email="sales-agent@kita.example")


@pytest.fixture
def helpdesk(provider) -> Membership:
    return member(provider.organisation, Role.HELPDESK_AGENT, email="helpdesk@kita.example")


@pytest.fixture
def billing_admin(provider) -> Membership:
    """The under-privileged one: may look, may change nothing."""
    return member(provider.organisation, Role.BILLING_ADMIN, email="billing-admin@kita.example")


@pytest.fixture
def reseller(db):
    """Sakura, MPN ID 0012345: enrolled and ready, not yet a partner."""
    return ready_reseller("Sakura", number="0012345")


@pytest.fixture
def reseller_admin(reseller) -> Membership:
    return member(reseller.organisation, Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, email="global-admin@sakura.example")


@pytest.fixture
def partnership(provider, reseller):
    return PartnershipFactory(provider=provider, reseller=reseller)


@pytest.fixture
def relationship(partnership):
    """A customer of Kita, added for Sakura."""
    return RelationshipFactory(
        provider=partnership.provider,
        reseller=partnership.reseller,
        customer=CustomerFactory(organisation__name="Aoba", primary_domain="aoba.onmicrosoft.com"),
    )


@pytest.fixture
def customer_admin(relationship) -> Membership:
    return member(relationship.customer.organisation, Role.GLOBAL_ADMIN, email="admin@aoba.onmicrosoft.com")


@pytest.fixture
def subscription(relationship):
    return SubscriptionFactory(relationship=relationship)


@pytest.fixture
def azure(relationship):
    """The customer's Azure plan, from Kita."""
    return SubscriptionFactory(relationship=relationship, offer__category="usage", nickname="Azure plan")


@pytest.fixture
def stranger(db) -> Membership:
    """Rhein's Global admin: every role that counts, at a provider that has nothing to do with Kita."""
    stranger = ProviderFactory(organisation__name="Rhein", organisation__country="DE")
    return member(stranger.organisation, *Role, email="global-admin@rhein.example")


@pytest.fixture
def strange_relationship(stranger):
    """A customer of the stranger, added for a reseller of the stranger: what could leak."""
    other = ready_reseller("Mosel", country="DE", region="europe", number="77001")
    PartnershipFactory(provider=stranger.organisation.provider, reseller=other)
    return RelationshipFactory(
        provider=stranger.organisation.provider,
        reseller=other,
        customer=CustomerFactory(
            organisation__name="Fluss", organisation__country="DE", organisation__kind=Kind.CUSTOMER
        ),
    )


@pytest.fixture
def strange_subscription(strange_relationship):
    return SubscriptionFactory(relationship=strange_relationship, offer__market="DE", offer__currency="EUR")


@pytest.fixture
def sign_in():
    """A client that is signed in as the given member."""

    def sign_in(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user)
        return client

    return sign_in
