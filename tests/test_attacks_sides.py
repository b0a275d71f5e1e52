"""Every button of the other sides (issue 3), pressed by every role of every kind of organisation (design.md §5).

The table is written down a second time on purpose, as in tests/test_attacks_roles.py: accounts/roles.py is what is
tested. 404 is "not for this kind of organisation", and - is 403.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from customers.models import Delegation
from tests.attack_tools import stored
from tests.factories import (
    BulkChangeFactory,
    ContactRequestFactory,
    LicenceAssignmentFactory,
    NoticeFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    ProfileProposalFactory,
    ProviderFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    StaffInvitationFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
    ready_reseller,
)

ROLES = list(Role)
# Global admin, User management admin, Admin agent, Sales agent, Helpdesk agent, Billing admin
ALL, NONE, SIGN, STAFF = "WWWWWW", "404", "W-----", "WW----"
SEED, END, GRANT, TENDER, ANSWER, HELP = "WWWW--", "W-WW--", "W-W---", "W-WWW-", "W-W-W-", "WWWWW-"

# what is done                       provider  reseller  customer
SIDES = ("provider", "reseller", "customer")
TABLE = {
    "customers:request_create": (SEED, SEED, NONE),
    "customers:request": (SEED, SEED, NONE),
    "customers:request_language": (SEED, SEED, NONE),
    "customers:request_send": (SEED, SEED, NONE),
    "customers:request_send_again": (SEED, SEED, NONE),
    "customers:request_withdraw": (SEED, SEED, NONE),
    "customers:end": (END, NONE, NONE),
    "customers:administration_give": (NONE, NONE, SIGN),
    "customers:administration_withdraw": (NONE, NONE, SIGN),
    "customers:owner_grant": (GRANT, NONE, SIGN),
    "customers:owner_withdraw": (GRANT, NONE, SIGN),
    "resellers:keep": (SEED, NONE, NONE),
    "resellers:leave": (NONE, SIGN, NONE),
    "resellers:stay": (NONE, SIGN, NONE),
    "resellers:contact_ask": (NONE, ALL, NONE),
    "resellers:contact_request": (SEED, NONE, NONE),
    "resellers:contact_close": (SEED, NONE, NONE),
    "resellers:profile": (NONE, SIGN, NONE),
    "resellers:account_register": (NONE, SIGN, NONE),
    "resellers:account_associate": (NONE, SIGN, NONE),
    "resellers:support_profile": (SIGN, SIGN, NONE),
    "directory:propose": (SIGN, NONE, NONE),
    "directory:preview": (SIGN, NONE, NONE),
    "directory:withdraw": (SIGN, NONE, NONE),
    "subscriptions:user_add": (TENDER, TENDER, NONE),
    "subscriptions:user_assign": (TENDER, TENDER, STAFF),
    "subscriptions:licences_assign": (TENDER, TENDER, STAFF),
    "subscriptions:licence_withdraw": (TENDER, TENDER, STAFF),
    "subscriptions:bulk_new": (HELP, NONE, NONE),
    "subscriptions:bulk_upload": (HELP, NONE, NONE),
    "subscriptions:bulk_start": (HELP, NONE, NONE),
    "subscriptions:bulk_cancel": (HELP, NONE, NONE),
    "support:new": (NONE, NONE, ALL),
    "support:write": (ANSWER, ANSWER, ALL),
    "support:close": (ANSWER, ANSWER, ALL),
    "support:reopen": (ANSWER, ANSWER, ALL),
    "staff:add": (STAFF, STAFF, STAFF),
    "staff:roles": (STAFF, STAFF, STAFF),
    "staff:suspend": (STAFF, STAFF, STAFF),
    "staff:reactivate": (STAFF, STAFF, STAFF),
    "staff:remove": (STAFF, STAFF, STAFF),
    "staff:reset_password": (STAFF, STAFF, STAFF),
    "staff:invite": (STAFF, STAFF, STAFF),
    "staff:invitation": (STAFF, STAFF, STAFF),
    "staff:invitation_language": (STAFF, STAFF, STAFF),
    "staff:invitation_send": (STAFF, STAFF, STAFF),
    "staff:invitation_send_again": (STAFF, STAFF, STAFF),
    "staff:invitation_withdraw": (STAFF, STAFF, STAFF),
    "notices:read_all": (ALL, ALL, ALL),
    "notices:mail": (ALL, ALL, ALL),
}
# The first looks at what would change, and changes nothing; nothing was selected for the others.
WITHOUT_TRACE = {"directory:preview", "subscriptions:bulk_new", "subscriptions:bulk_upload"}


class Stage:
    """What there is to press on for one side, and what is typed."""

    def __init__(self, relationship, side: str):
        provider, reseller, customer = relationship.provider, relationship.reseller, relationship.customer
        self.organisation = getattr(relationship, side).organisation
        self.admin = member(self.organisation, *Role)
        author, people = self.admin.user, customer.organisation
        self.links = {"subject": "S", "language": "ja", "lifetime": "90", "uses": "once", "recipient": "a@b.example"}
        friend, second = ready_reseller("Momiji", number="0077"), ProviderFactory(organisation__country="JP")
        PartnershipFactory(provider=provider, reseller=friend)
        PartnershipFactory(provider=second, reseller=reseller)
        provider.partnerships.filter(reseller=reseller).update(
            leave_requested_at=timezone.now(), leave_requested_by=author
        )
        SubscriptionFactory(relationship=relationship, offer__category="usage")
        bought = SubscriptionFactory(relationship=relationship, support_contact=reseller)
        many = BulkChangeFactory(provider=provider, subscription=bought)
        Delegation.objects.create(customer=customer, partner=friend.organisation, privilege="tenant_owner")
        if side == "customer":
            Delegation.objects.filter(partner=provider.organisation).update(withdrawn_at=timezone.now())
        ended = RelationshipFactory(provider=provider)
        asked, closed = (SupportRequestFactory(subscription=bought, status=each) for each in ("open", "closed"))
        contact = ContactRequestFactory(provider=provider, reseller=ready_reseller("Tsubaki"))
        asking = RelationshipRequestFactory(
            provider=provider, reseller=reseller, by_reseller=side == "reseller", created_by=author, recipient="a@b.co"
        )
        invited = StaffInvitationFactory(organisation=self.organisation, created_by=author, recipient="a@b.co")
        colleague = member(self.organisation, Role.SALES_AGENT)
        out = self._suspended()
        given = LicenceAssignmentFactory(subscription=bought, membership=member(people))
        user, number = member(people), PartnerAccountFactory(organisation=reseller.organisation, is_associated=False)
        NoticeFactory(membership=self.admin)
        entry = {"description": "New", "is_listed": "on"}
        typed = {"name": "New", "account_name": "new" if side == "customer" else "new@kita.example", "language": "en"}
        added = {"name": "New", "account_name": "new", "language": "en"}
        roles = {"roles": [Role.BILLING_ADMIN]}
        question = {"subscription": bought.code, "title": "T", "severity": "minimal", "text": "X"}
        self.buttons = {
            "customers:request_create": ([], {"partner": provider.pk if side == "reseller" else ""}),
            "customers:request": ([asking.code], self.typed(asking)),
            "customers:request_language": ([asking.code], self.typed(asking)),
            "customers:request_send": ([asking.code], self.typed(asking)),
            "customers:request_send_again": ([asking.code], {}),
            "customers:request_withdraw": ([asking.code], {}),
            "customers:end": ([ended.customer_id], {}),
            "customers:administration_give": ([provider.pk], {}),
            "customers:administration_withdraw": ([reseller.pk], {}),
            "customers:owner_grant": ([customer.pk], {"reseller": reseller.pk}),
            "customers:owner_withdraw": ([customer.pk, friend.pk], {}),
            "resellers:keep": ([reseller.pk], {"reason": "Stay"}),
            "resellers:leave": ([second.pk], {"reason": "Bye"}),
            "resellers:stay": ([provider.pk], {}),
            "resellers:contact_ask": (
                [ProviderFactory(organisation__country="JP").pk],
                {"name": "N", "email": "n@sakura.example", "message": "M"},
            ),
            "resellers:contact_request": ([contact.code], {}),
            "resellers:contact_close": ([contact.code], {}),
            "resellers:profile": (
                [],
                {"contact_name": "N", "contact_email": "n@sakura.example", "contact_phone": "+81312345678"},
            ),
            "resellers:account_register": ([], {"number": "0088001", "kind": "location", "country": "JP"}),
            "resellers:account_associate": ([number.pk], {}),
            "resellers:support_profile": ([], {"hours": "Always"}),
            "directory:propose": ([], entry),
            "directory:preview": ([], entry),
            "directory:withdraw": ([ProfileProposalFactory(provider=provider).code], {}),
            "subscriptions:user_add": ([customer.pk], added),
            "subscriptions:user_assign": ([user.pk], {"subscriptions": [bought.pk]}),
            "subscriptions:licences_assign": ([bought.code], {"users": [user.pk]}),
            "subscriptions:licence_withdraw": ([bought.code, given.pk], {}),
            "subscriptions:bulk_new": ([], {"value": "on"}),
            "subscriptions:bulk_upload": ([], {}),
            **{f"subscriptions:bulk_{verb}": ([many.code], {}) for verb in ("start", "cancel")},
            "support:new": ([], question),
            "support:write": ([asked.code], {"text": "Hello"}),
            "support:close": ([asked.code], {}),
            "support:reopen": ([closed.code], {}),
            "staff:add": ([], typed | roles),
            "staff:roles": ([colleague.pk], roles),
            "staff:suspend": ([colleague.pk], {}),
            "staff:reactivate": ([out.pk], {}),
            "staff:remove": ([colleague.pk], {}),
            "staff:reset_password": ([colleague.pk], {}),
            "staff:invite": ([], {"recipient": "a@b.example"} | roles),
            "staff:invitation": ([invited.code], self.typed(invited)),
            "staff:invitation_language": ([invited.code], self.typed(invited)),
            "staff:invitation_send": ([invited.code], self.typed(invited)),
            "staff:invitation_send_again": ([invited.code], {}),
            "staff:invitation_withdraw": ([invited.code], {}),
            "notices:read_all": ([], {"until": (timezone.now() + timedelta(hours=1)).isoformat()}),
            "notices:mail": ([], {"subjects": []}),
        }

    def _suspended(self):
        person = member(self.organisation, Role.SALES_AGENT)
        person.suspended_at = timezone.now()
        person.save()
        return person

    def typed(self, row):
        return self.links | {"message": f"Please: {row.link.url()}"}

    def press(self, client, name):
        arguments, typed = self.buttons[name]
        return client.post(reverse(name, args=arguments), typed)


@pytest.fixture
def stage(relationship, request):
    return Stage(relationship, request.param)


def pressed(stage, client, name) -> str:
    """What pressing the button came to; afterwards it is undone for the next one."""
    with transaction.atomic():
        status = str(stage.press(client, name).status_code)
        transaction.set_rollback(True)
    return "W" if status in ("200", "302") else {"403": "-"}.get(status, status)


@pytest.mark.parametrize("stage", SIDES, indirect=True)
def test_each_role_of_each_side_may_press_what_the_table_says(stage, sign_in, request):
    side = SIDES.index(request.node.callspec.params["stage"])
    people = [sign_in(member(stage.organisation, role)) for role in ROLES]

    answers = {name: [pressed(stage, person, name) for person in people] for name in TABLE}

    table = {name: row[side] for name, row in TABLE.items()}
    assert answers == {name: list(row) if row != NONE else [NONE] * len(ROLES) for name, row in table.items()}


@pytest.mark.parametrize("stage", SIDES, indirect=True)
def test_what_is_pressed_is_done_by_those_who_may_and_by_nobody_else(stage, sign_in, request):
    """The table is worth something: the Global admin's buttons change something stored, those of others nothing."""
    side = SIDES.index(request.node.callspec.params["stage"])
    admin, nobody = sign_in(stage.admin), sign_in(member(stage.organisation))
    before = stored()
    changing, left_alone = set(), set()

    for name in TABLE:
        for client, found in ((admin, changing), (nobody, left_alone)):
            with transaction.atomic():
                stage.press(client, name)
                found.update({name} if stored() != before else ())
                transaction.set_rollback(True)

    theirs = {name for name, row in TABLE.items() if row[side] != NONE}
    assert changing == theirs - WITHOUT_TRACE
    assert left_alone == {"notices:mail"}  # one's own choice takes no role
