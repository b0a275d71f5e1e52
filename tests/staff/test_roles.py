"""What the roles mean in each kind of organisation."""

import pytest

from accounts.roles import PERMISSIONS, Kind, Permission, Role
from staff.roles import ROLE_HELP, offered, role_table


@pytest.mark.parametrize("kind", Kind)
def test_the_table_of_roles_is_what_is_decided(settings, kind):
    settings.ROLE_RESTRICTIONS = {"view": ["global_admin"]}

    table = role_table(kind)

    assert [line.label for line in table] == [each.label for each in Permission if each in PERMISSIONS[kind]]
    assert table[0].cells == [(role.label, role == Role.GLOBAL_ADMIN) for role in offered(kind)]


@pytest.mark.parametrize("kind", Kind)
def test_every_role_that_is_offered_is_explained(kind):
    assert offered(kind) == list(ROLE_HELP[kind])
    assert all(ROLE_HELP[kind].values())


def test_role_that_means_nothing_is_offered_to_who_holds_it():
    assert offered(Kind.CUSTOMER) == [Role.GLOBAL_ADMIN, Role.USER_ADMIN, Role.BILLING_ADMIN]
    assert offered(Kind.CUSTOMER, ["sales_agent"]) == [
        *(Role.GLOBAL_ADMIN, Role.USER_ADMIN),
        *(Role.SALES_AGENT, Role.BILLING_ADMIN),
    ]
