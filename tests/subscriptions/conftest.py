"""A user of the customer, and a licence of hers."""

import pytest

from accounts.models import Membership
from subscriptions.models import LicenceAssignment
from tests.factories import LicenceAssignmentFactory, member


@pytest.fixture
def person(relationship) -> Membership:
    """A user of Aoba without a role."""
    return member(relationship.customer.organisation, name="Hana", email="hana@aoba.onmicrosoft.com")


@pytest.fixture
def assignment(subscription, person) -> LicenceAssignment:
    return LicenceAssignmentFactory(subscription=subscription, membership=person)
