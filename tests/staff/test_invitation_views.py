"""Invite by link, and the tab Invitations."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity
from outbox.forms import DraftForm
from outbox.models import LINK, OutgoingEmail
from staff.models import StaffInvitation
from tests.factories import StaffInvitationFactory, member
from tests.pages import readable

NOW = datetime(2020, 3, 1, 9, 0, tzinfo=UTC)
LIST, NEW = "/staff/invitations/", "/staff/invitations/new/"
WRITES = ("invitation", "invitation_language", "invitation_send", "invitation_send_again", "invitation_withdraw")


@pytest.fixture
def user_admin(provider):
    return member(provider.organisation, Role.USER_ADMIN, email="user-admin@kita.example")


@pytest.fixture
def invitation(user_admin):
    return invited_by(user_admin, recipient="guest@ume.example")


def invited_by(author: Membership, **given) -> StaffInvitation:
    return StaffInvitationFactory(organisation=author.organisation, created_by=author.user, **given)


def url(invitation, view: str = "invitation") -> str:
    return reverse(f"staff:{view}", args=[invitation.code])


def typed(invitation, **changes) -> dict[str, str]:
    form = DraftForm(request=invitation)
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else str(value) for name, value in (values | changes).items()}


def test_inviting_leads_to_the_draft_message(user_admin, sign_in):
    client = sign_in(user_admin)

    response = client.post(NEW, {"recipient": "guest@ume.example", "roles": ["sales_agent"]}, follow=True)

    invitation = StaffInvitation.objects.get()
    assert response.redirect_chain == [(url(invitation), 302)]
    assert (invitation.organisation, invitation.created_by) == (user_admin.organisation, user_admin.user)
    assert (invitation.recipient, invitation.roles) == ("guest@ume.example", ["sales_agent"])
    for words in (invitation.link.url(), "Sales agent", "Send", "Done", "Copy to clipboard", "Open in email"):
        assert words in readable(response)
    assert "Can be accepted" not in readable(response)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("roles", "code"), [([], "required"), (["global_admin"], "global_admin_only"), (["emperor"], "invalid_choice")]
)
def test_inviting_is_refused_beside_the_field(user_admin, sign_in, roles, code):
    response = sign_in(user_admin).post(NEW, {"recipient": "guest@ume.example", "roles": roles})

    form = response.context["form"]
    assert [error.code for error in form.errors["roles"].as_data()] == [code]
    assert form["recipient"].value() == "guest@ume.example"
    assert StaffInvitation.objects.count() == 0


def test_customer_invites_without_a_role(customer_admin, sign_in):
    sign_in(customer_admin).post(NEW, {"recipient": "", "roles": []})

    assert StaffInvitation.objects.get().roles == []


def test_inviting_needs_the_role(billing_admin, sign_in):
    client = sign_in(billing_admin)

    assert [client.get(NEW).status_code, client.post(NEW, {"roles": ["sales_agent"]}).status_code] == [403, 403]
    assert StaffInvitation.objects.count() == 0


def test_done_keeps_the_message_and_leads_to_the_list(invitation, user_admin, sign_in):
    answers = typed(invitation, recipient="other@ume.example", message=f"Hi {invitation.link.url()}", lifetime="30")

    response = sign_in(user_admin).post(url(invitation), answers, follow=True)

    invitation.refresh_from_db()
    assert response.redirect_chain == [(LIST, 302)]
    assert "The invitation is saved." in readable(response)
    assert (invitation.recipient, invitation.message) == ("other@ume.example", f"Hi {LINK}")
    assert (invitation.max_uses, invitation.roles) == (1, ["sales_agent"])


def test_more_uses_than_one_are_nobodys_to_choose(invitation, user_admin, sign_in):
    sign_in(user_admin).post(url(invitation), typed(invitation) | {"uses": "unlimited", "max_uses": "9"})

    invitation.refresh_from_db()
    assert invitation.max_uses == 1


def test_message_without_the_link_is_refused(invitation, user_admin, sign_in):
    response = sign_in(user_admin).post(url(invitation), typed(invitation, message="Come!"))

    assert [error.code for error in response.context["form"].errors["message"].as_data()] == ["link_missing"]


def test_language_drafts_the_message_anew(user_admin, sign_in):
    client = sign_in(user_admin)
    client.post(NEW, {"recipient": "", "roles": ["sales_agent"]})
    invitation = StaffInvitation.objects.get()

    client.post(url(invitation, "invitation_language"), typed(invitation, language="ja"))

    invitation.refresh_from_db()
    assert invitation.language == "ja"


def test_send_and_send_again_mail_the_message(invitation, user_admin, sign_in):
    client = sign_in(user_admin)

    sent = client.post(url(invitation, "invitation_send"), typed(invitation), follow=True)
    OutgoingEmail.objects.update(state="sent")
    again = client.post(url(invitation, "invitation_send_again"), follow=True)

    assert "guest@ume.example" in readable(sent)
    assert again.redirect_chain == [(LIST, 302)]
    assert list(OutgoingEmail.objects.values_list("to", flat=True)) == ["guest@ume.example"] * 2
    assert not OutgoingEmail.objects.filter(text__contains="http").exists()
    assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == ["staff_invitation_sent"] * 2


def test_withdraw_makes_the_link_worthless(invitation, user_admin, sign_in):
    response = sign_in(user_admin).post(url(invitation, "invitation_withdraw"), follow=True)

    invitation.refresh_from_db()
    assert invitation.state == "withdrawn"
    assert response.redirect_chain == [(LIST, 302)]
    assert [verb for (verb,) in Activity.objects.values_list("verb")] == ["staff_invitation_withdrawn"]


def test_closed_invitation_is_shown_without_its_link(invitation, user_admin, sign_in):
    StaffInvitation.objects.update(withdrawn_at=NOW)

    html = readable(sign_in(user_admin).get(url(invitation)))

    assert "The link of this invitation no longer works" in html
    assert invitation.link.url() not in html


@pytest.mark.parametrize("view", WRITES)
def test_every_write_needs_the_role(invitation, billing_admin, sign_in, view):
    assert sign_in(billing_admin).post(url(invitation, view), typed(invitation)).status_code == 403
    invitation.refresh_from_db()
    assert invitation.state == "not_sent"


@pytest.mark.parametrize("view", WRITES)
def test_another_organisations_invitation_does_not_exist(invitation, stranger, sign_in, view):
    assert sign_in(stranger).post(url(invitation, view), typed(invitation)).status_code == 404
    invitation.refresh_from_db()
    assert invitation.state == "not_sent"


@pytest.mark.parametrize("view", WRITES)
def test_link_that_makes_a_global_admin_is_for_global_admins(provider_admin, user_admin, sign_in, view):
    """Else whoever manages users could join with it, and be a Global admin."""
    row = invited_by(provider_admin, roles=[Role.GLOBAL_ADMIN, Role.SALES_AGENT], recipient="boss@ume.example")

    refused = sign_in(user_admin).post(url(row, view), typed(row))
    allowed = sign_in(provider_admin).post(url(row, view), typed(row))

    assert (refused.status_code, allowed.status_code) == (403, 302)
    assert "Global admin" in readable(refused)


def test_list_hides_a_global_admins_link_from_others(provider_admin, user_admin, billing_admin, sign_in):
    row = invited_by(provider_admin, roles=[Role.GLOBAL_ADMIN], recipient="boss@ume.example")
    own = invited_by(user_admin)

    pages = [readable(sign_in(who).get(LIST)) for who in (provider_admin, user_admin, billing_admin)]

    assert [row.link.url() in page for page in pages] == [True, False, False]
    assert [own.link.url() in page for page in pages] == [True, True, False]
    assert ["boss@ume.example" in page for page in pages] == [True, True, True]


def test_list_says_what_became_of_each(user_admin, provider, sign_in):
    joined = member(provider.organisation, Role.SALES_AGENT, name="Jo Joined")
    invited_by(user_admin, uses=1, membership=joined)
    invited_by(user_admin, declined_at=NOW, decline_reason="No time")
    gone = member(provider.organisation, Role.GLOBAL_ADMIN, name="Gone Author")
    invited_by(gone)
    Membership.objects.filter(pk=gone.pk).update(ended_at=NOW)

    html = readable(sign_in(user_admin).get(LIST))

    for words in ("Accepted", "Jo Joined", "Declined", "No time", "Gone Author can no longer give these roles."):
        assert words in html


def test_draft_whose_author_left_says_so(user_admin, provider, sign_in):
    gone = member(provider.organisation, Role.USER_ADMIN, name="Gone Author")
    row = invited_by(gone)
    Membership.objects.filter(pk=gone.pk).update(suspended_at=NOW)

    assert "Withdraw it and make a new one." in readable(sign_in(user_admin).get(url(row)))


def test_list_is_filtered_by_state_and_is_a_fragment_for_htmx(invitation, user_admin, stranger, sign_in):
    invited_by(user_admin, withdrawn_at=NOW)
    invited_by(stranger)
    client = sign_in(user_admin)

    found = [
        [each.row for each in client.get(LIST, {"state": state}).context["rows"]] for state in ("not_sent", "accepted")
    ]
    fragment = client.get(LIST, headers={"HX-Request": "true"})

    assert found == [[invitation], []]
    assert "No invitation is in this state" in readable(client.get(LIST, {"state": "accepted"}))
    assert len(fragment.context["rows"]) == 2
    assert [template.name for template in fragment.templates][:1] == ["staff/invitations/_table.html"]


def test_list_says_what_to_do_when_there_are_none(user_admin, billing_admin, sign_in):
    assert "No invitations yet" in readable(sign_in(user_admin).get(LIST))
    assert f'href="{NEW}"' not in readable(sign_in(billing_admin).get(LIST))


def test_list_takes_as_many_queries_for_three_as_for_one(user_admin, provider, sign_in):
    client, counts = sign_in(user_admin), []
    for _row in range(3):
        invited_by(member(provider.organisation, Role.USER_ADMIN), recipient="a@b.example")
        invited_by(user_admin, uses=1, membership=member(provider.organisation, Role.SALES_AGENT))
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))

    assert counts == [counts[0]] * 3
    assert counts[0] <= 12
