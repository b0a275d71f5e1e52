"""Who may do what, as design.md §5 says it: kept here a second time on purpose."""

import pytest

from accounts.roles import PERMISSIONS, Kind, Permission, Role, allows, labels, roles_with

# design.md §5, and what it leaves open: ending relationships goes with suspending, the access of partners and support
# with administration, users and licences of a customer with its account. Markups are set by those who see prices, but
# not by Sales agents.
#                         Global  User   Admin  Sales  Helpdesk Billing
PROVIDER = """
view                        yes    yes    yes    yes    yes      yes
request_partnership         yes    yes    yes    yes    -        -
remove_partnership          yes    yes    yes    yes    -        -
place_orders                yes    yes    yes    yes    -        -
edit_subscriptions          yes    yes    yes    yes    yes      -
suspend_subscriptions       yes    -      yes    yes    -        -
cancel_subscriptions        yes    -      yes    yes    -        -
change_credit               yes    yes    yes    yes    -        -
designate_support           yes    yes    yes    yes    yes      -
edit_customers              yes    -      yes    yes    yes      -
see_prices                  yes    -      yes    yes    -        yes
see_bills                   yes    -      yes    yes    -        yes
set_markups                 yes    -      yes    -      -        yes
request_relationship        yes    yes    yes    yes    -        -
end_relationship            yes    -      yes    yes    -        -
grant_access                yes    -      yes    -      -        -
assign_licences             yes    -      yes    yes    yes      -
answer_support              yes    -      yes    -      yes      -
manage_staff                yes    yes    -      -      -        -
act_for_company             yes    -      -      -      -        -
"""
RESELLER = """
view                        yes    yes    yes    yes    yes      yes
edit_subscriptions          yes    yes    yes    yes    yes      -
suspend_subscriptions       yes    -      yes    yes    -        -
see_bills                   yes    -      yes    yes    -        yes
edit_customers              yes    -      yes    yes    yes      -
request_relationship        yes    yes    yes    yes    -        -
assign_licences             yes    -      yes    yes    yes      -
answer_support              yes    -      yes    -      yes      -
manage_staff                yes    yes    -      -      -        -
act_for_company             yes    -      -      -      -        -
"""
CUSTOMER = """
view                        yes    yes    yes    yes    yes      yes
grant_access                yes    -      -      -      -        -
assign_licences             yes    yes    -      -      -        -
request_support             yes    yes    yes    yes    yes      yes
manage_staff                yes    yes    -      -      -        -
act_for_company             yes    -      -      -      -        -
"""


def read(table: str) -> dict[tuple[str, Role], bool]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {(name, role): cell == "yes" for name, *cells in rows for role, cell in zip(Role, cells, strict=True)}


@pytest.mark.parametrize(
    ("kind", "table"), [(Kind.PROVIDER, PROVIDER), (Kind.RESELLER, RESELLER), (Kind.CUSTOMER, CUSTOMER)]
)
def test_roles_may_do_what_the_table_says_and_nothing_else(kind, table):
    wanted = {(permission.value, role): False for permission in Permission for role in Role} | read(table)

    found = {(permission.value, role): allows(kind, [role], permission) for permission in Permission for role in Role}

    assert found == wanted


def test_roles_add_up():
    together = [Role.BILLING_ADMIN, Role.HELPDESK_AGENT]

    assert allows(Kind.PROVIDER, together, Permission.SEE_PRICES)
    assert allows(Kind.PROVIDER, together, Permission.DESIGNATE_SUPPORT)
    assert not allows(Kind.PROVIDER, together, Permission.PLACE_ORDERS)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("kind", Kind)
def test_nobody_may_do_anything_without_a_role(kind, permission):
    assert not allows(kind, [], permission)


def test_the_setting_narrows_a_permission(settings):
    settings.ROLE_RESTRICTIONS = {"remove_partnership": ["admin_agent"]}

    assert roles_with(Permission.REMOVE_PARTNERSHIP, Kind.PROVIDER) == {Role.ADMIN_AGENT}
    assert not allows(Kind.PROVIDER, [Role.GLOBAL_ADMIN], Permission.REMOVE_PARTNERSHIP)


def test_the_setting_never_widens_a_permission(settings):
    settings.ROLE_RESTRICTIONS = {"act_for_company": ["sales_agent"], "change_credit": ["global_admin"]}

    assert roles_with(Permission.ACT_FOR_COMPANY, Kind.PROVIDER) == frozenset()
    assert roles_with(Permission.CHANGE_CREDIT, Kind.RESELLER) == frozenset()


def test_an_unknown_role_in_the_setting_is_an_error(settings):
    settings.ROLE_RESTRICTIONS = {"view": ["emperor"]}

    with pytest.raises(ValueError, match="emperor"):
        roles_with(Permission.VIEW, Kind.PROVIDER)


def test_labels_come_in_the_order_of_the_roles():
    assert labels([Role.SALES_AGENT, Role.GLOBAL_ADMIN]) == ["Global admin", "Sales agent"]


def test_every_kind_can_look():
    assert {kind: Permission.VIEW in table for kind, table in PERMISSIONS.items()} == dict.fromkeys(Kind, True)
