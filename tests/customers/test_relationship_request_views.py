"""Request a reseller relationship, Invite new customers, and the tab Requests of Customers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from accounts.roles import Kind, Role
from customers.forms.relationships import RelationshipDraftForm
from customers.models import RelationshipRequest
from outbox.models import LINK, OutgoingEmail
from outbox.post import deliver
from resellers.models import Partnership
from tests.factories import (
    CustomerFactory,
    OrganisationFactory,
    PartnershipFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    member,
    ready_reseller,
)
from tests.pages import readable
from tests.refusals import codes_on

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2999, 1, 1, tzinfo=UTC)
WRITES = ("request", "request_language", "request_send", "request_send_again", "request_withdraw")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def request_row(provider, sales_agent):
    return RelationshipRequestFactory(
        provider=provider,
        created_by=sales_agent.user,
        recipient="admin@aoba.example",
        expires_at=NOW + timedelta(days=90),
    )


@pytest.fixture
def joint_request(partnership, reseller_admin):
    return RelationshipRequestFactory(
        provider=partnership.provider,
        reseller=partnership.reseller,
        by_reseller=True,
        created_by=reseller_admin.user,
        recipient="admin@aoba.example",
    )


def typed(row, **changes) -> dict[str, str]:
    """What the page posts when nothing else is changed; an unticked box is not posted."""
    form = RelationshipDraftForm(request=row)
    values = {name: form[name].value() for name in form.fields} | changes
    return {name: "" if value is None else str(value) for name, value in values.items() if value is not False}


def url_of(row, view="request") -> str:
    return reverse(f"customers:{view}", args=[row.code])


CREATE = "customers:request_create"


# Request a reseller relationship


def test_create_leads_to_the_draft(provider, sales_agent, sign_in):
    response = sign_in(sales_agent).post(reverse(CREATE))

    row = RelationshipRequest.objects.get()
    assert (response.status_code, response.url) == (302, url_of(row))
    assert (row.provider, row.reseller, row.by_reseller, row.created_by) == (provider, None, False, sales_agent.user)


def test_create_together_with_a_reseller(partnership, sales_agent, sign_in):
    sign_in(sales_agent).post(reverse(CREATE), {"partner": partnership.reseller_id})

    row = RelationshipRequest.objects.get()
    assert (row.provider, row.reseller, row.by_reseller) == (partnership.provider, partnership.reseller, False)


def test_create_by_the_reseller(partnership, reseller_admin, sign_in):
    sign_in(reseller_admin).post(reverse(CREATE), {"partner": partnership.provider_id})

    row = RelationshipRequest.objects.get()
    assert (row.provider, row.reseller, row.by_reseller) == (partnership.provider, partnership.reseller, True)


@pytest.mark.parametrize("partner", ["stranger", "ended", "nonsense", "own"])
def test_create_with_somebody_who_is_no_partner_is_refused(
    partnership, sales_agent, strange_relationship, sign_in, partner
):
    former = PartnershipFactory(provider=partnership.provider, reseller=ready_reseller("Ume"), ended_at=LATER)
    wanted = {
        "stranger": strange_relationship.reseller_id,
        "ended": former.reseller_id,
        "nonsense": "nonsense",
        "own": partnership.provider_id,
    }

    response = sign_in(sales_agent).post(reverse(CREATE), {"partner": wanted[partner]}, follow=True)

    assert response.redirect_chain == [(reverse("customers:requests"), 302)]
    assert "Only active partners can ask a customer together." in readable(response)
    assert RelationshipRequest.objects.count() == 0


@pytest.mark.parametrize("partner", ["stranger", ""])
def test_reseller_creates_with_its_own_providers_only(partnership, reseller_admin, stranger, sign_in, partner):
    typed = {"partner": stranger.organisation_id if partner else ""}

    sign_in(reseller_admin).post(reverse(CREATE), typed)

    assert RelationshipRequest.objects.count() == 0


def test_create_needs_the_role_and_a_partner(billing_admin, helpdesk, reseller, sign_in):
    customer = member(OrganisationFactory(kind=Kind.CUSTOMER), Role.GLOBAL_ADMIN)
    agent = member(reseller.organisation, Role.HELPDESK_AGENT)
    visitors = (billing_admin, helpdesk, agent, customer)

    assert [sign_in(each).post(reverse(CREATE)).status_code for each in visitors] == [403, 403, 403, 404]
    assert sign_in(billing_admin).get(reverse(CREATE)).status_code == 403
    assert RelationshipRequest.objects.count() == 0


def test_create_is_a_post(sales_agent, sign_in):
    assert sign_in(sales_agent).get(reverse(CREATE)).status_code == 405


def test_rows_of_partners_offer_to_invite(partnership, sales_agent, reseller_admin, billing_admin, sign_in):
    html = readable(sign_in(sales_agent).get(reverse("resellers:list")))
    assert "Invite new customers" in html
    assert f'name="partner" value="{partnership.reseller_id}"' in html
    assert "Invite new customers" not in readable(sign_in(billing_admin).get(reverse("resellers:list")))

    html = readable(sign_in(reseller_admin).get(reverse("resellers:providers")))
    assert "Invite new customers" in html
    assert f'name="partner" value="{partnership.provider_id}"' in html


def test_customers_lead_to_requests_and_to_asking(sales_agent, billing_admin, reseller_admin, sign_in):
    html = readable(sign_in(sales_agent).get(reverse("customers:list")))
    assert f'action="{reverse(CREATE)}"' in html
    assert f'href="{reverse("customers:requests")}"' in html

    html = readable(sign_in(billing_admin).get(reverse("customers:list")))
    assert f'action="{reverse(CREATE)}"' not in html
    assert "Roles that may do this: Global admin, User management admin, Admin agent, Sales agent" in html

    html = readable(sign_in(reseller_admin).get(reverse("customers:list")))
    assert f'href="{reverse("resellers:providers")}">Invite new customers' in html


# The draft


def test_draft_is_shown_with_the_link_and_the_options(request_row, partnership, sales_agent, stranger, sign_in):
    response = sign_in(sales_agent).get(url_of(request_row))

    html = readable(response)
    assert f"Open {request_row.link.url()} please." in html
    assert LINK not in html
    for words in ("Open in email", "Copy to clipboard", "Include delegated administration privileges", "Done"):
        assert words in html
    assert list(response.context["form"].fields["reseller"].queryset) == [partnership.reseller]
    assert "no-store" in response["Cache-Control"]


def test_draft_of_a_reseller_leaves_the_provider_as_it_is(joint_request, reseller_admin, sign_in):
    response = sign_in(reseller_admin).get(url_of(joint_request))

    assert "reseller" not in response.context["form"].fields
    assert "becomes a customer of Kita and of yours" in readable(response)


def test_options_draft_the_message_anew_and_keep_the_rest(partnership, sales_agent, sign_in):
    client = sign_in(sales_agent)
    client.post(reverse(CREATE))
    row = RelationshipRequest.objects.get()

    answers = typed(row, includes_admin=False, reseller=partnership.reseller_id, recipient="a@b.example")
    response = client.post(url_of(row, "request_language"), answers, follow=True)

    row.refresh_from_db()
    assert response.redirect_chain == [(url_of(row), 302)]
    assert (row.includes_admin, row.reseller, row.recipient) == (False, partnership.reseller, "a@b.example")
    assert "does not include delegated administration privileges" in readable(response)
    assert "Sakura and Kita would like to look after" in readable(response)


def test_options_leave_an_edited_message_and_say_so(request_row, sales_agent, sign_in):
    answers = typed(request_row, includes_admin=False, message=f"Dear all, {request_row.link.url()}")

    response = sign_in(sales_agent).post(url_of(request_row, "request_language"), answers, follow=True)

    request_row.refresh_from_db()
    assert (request_row.includes_admin, request_row.message) == (False, f"Dear all, {LINK}")
    assert "The message stays as you wrote it." in readable(response)


def test_done_saves_and_leads_to_the_requests(request_row, sales_agent, sign_in):
    response = sign_in(sales_agent).post(url_of(request_row), typed(request_row, uses="unlimited", lifetime="never"))

    request_row.refresh_from_db()
    assert (response.status_code, response.url) == (302, reverse("customers:requests"))
    assert (request_row.max_uses, request_row.expires_at, request_row.includes_admin) == (None, None, True)


def test_a_strangers_reseller_is_refused_beside_its_field(request_row, strange_relationship, sales_agent, sign_in):
    answers = typed(request_row, reseller=strange_relationship.reseller_id, subject="Typed")

    response = sign_in(sales_agent).post(url_of(request_row), answers)

    request_row.refresh_from_db()
    assert (codes_on(response), request_row.reseller) == ({"reseller": ["invalid_choice"]}, None)
    assert 'value="Typed"' in readable(response)
    assert "Mosel" not in readable(response)


def test_former_partner_stays_on_the_page_and_is_refused(partnership, sales_agent, sign_in):
    row = RelationshipRequestFactory(provider=partnership.provider, reseller=partnership.reseller)
    Partnership.objects.update(ended_at=LATER)
    client = sign_in(sales_agent)

    assert list(client.get(url_of(row)).context["form"].fields["reseller"].queryset) == [partnership.reseller]
    response = client.post(url_of(row, "request_send"), typed(row, recipient="a@b.example"))
    assert codes_on(response) == {"reseller": ["not_partners"]}
    response = client.post(url_of(row, "request_send_again"), follow=True)
    assert "Only active partners can ask a customer together." in readable(response)
    assert OutgoingEmail.objects.count() == 0


def test_reseller_whose_partnership_has_ended_sends_nothing(joint_request, reseller_admin, sign_in):
    Partnership.objects.update(ended_at=LATER)
    client = sign_in(reseller_admin)

    response = client.post(url_of(joint_request, "request_send"), typed(joint_request))

    assert codes_on(response) == {"__all__": ["not_partners"]}
    client.post(url_of(joint_request, "request_withdraw"))
    joint_request.refresh_from_db()
    assert (joint_request.state, OutgoingEmail.objects.count()) == ("withdrawn", 0)


def test_send_mails_the_message_in_the_senders_name(joint_request, reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    response = client.post(url_of(joint_request, "request_send"), typed(joint_request), follow=True)

    joint_request.refresh_from_db()
    assert response.redirect_chain == [(url_of(joint_request), 302)]
    assert (joint_request.state, joint_request.email.sender) == ("sent", joint_request.reseller.organisation)
    deliver(joint_request.email.pk)
    assert mail.outbox[0].body == f"Open {joint_request.link.url()} please."
    assert "Sent to admin@aoba.example" in readable(client.get(url_of(joint_request)))


def test_closed_request_is_shown_without_its_form(request_row, sales_agent, sign_in):
    RelationshipRequest.objects.update(withdrawn_at=NOW)
    client = sign_in(sales_agent)

    html = readable(client.get(url_of(request_row)))

    assert "Withdrawn" in html
    assert "With delegated administration privileges" in html
    assert "<textarea" not in html
    assert request_row.link.url() not in html
    assert codes_on(client.post(url_of(request_row), typed(request_row))) == {"__all__": ["request_withdrawn"]}


# Who may


@pytest.mark.parametrize("view", WRITES)
def test_request_is_for_its_sender_and_those_who_may(
    request_row, view, billing_admin, helpdesk, stranger, reseller_admin, sign_in
):
    customer = member(OrganisationFactory(kind=Kind.CUSTOMER), Role.GLOBAL_ADMIN)
    answers = typed(request_row, subject="Changed")
    visitors = (billing_admin, helpdesk, stranger, reseller_admin, customer)

    statuses = [sign_in(each).post(url_of(request_row, view), answers).status_code for each in visitors]

    request_row.refresh_from_db()
    assert statuses == [403, 403, 404, 404, 404]
    assert (request_row.subject, request_row.withdrawn_at, request_row.email) == ("Relationship request", None, None)


@pytest.mark.parametrize("view", WRITES)
def test_a_resellers_request_is_not_its_providers(joint_request, view, provider_admin, reseller, sign_in):
    agent = member(reseller.organisation, Role.HELPDESK_AGENT)

    statuses = [
        sign_in(each).post(url_of(joint_request, view), typed(joint_request)).status_code
        for each in (provider_admin, agent)
    ]

    assert statuses == [404, 403]


# Requests


def test_requests_show_what_became_of_each(request_row, provider, sales_agent, joint_request, stranger, sign_in):
    customer = CustomerFactory(organisation__name="Aoba")
    accepted = RelationshipRequestFactory(
        provider=provider, reseller=joint_request.reseller, includes_admin=False, created_by=sales_agent.user, uses=1
    )
    RelationshipFactory(provider=provider, customer=customer, request=accepted)
    former = CustomerFactory(organisation__name="Former")
    RelationshipFactory(provider=provider, customer=former, request=accepted, ended_at=LATER)
    RelationshipRequestFactory(provider=stranger.organisation.provider, recipient="leak@rhein.example")

    response = sign_in(sales_agent).get(reverse("customers:requests"))

    html = readable(response)
    assert list(response.context["page"]) == [accepted, request_row]
    assert "leak@rhein.example" not in html
    for words in ("Together with Sakura", "Without delegated administration privileges", "No indirect reseller"):
        assert words in html
    assert f'href="{reverse("customers:account", args=[customer.pk])}"' in html
    assert "Former" in html
    assert reverse("customers:account", args=[former.pk]) not in html
    assert html.count(request_row.link.url()) == 1
    assert accepted.link.url() not in html
    assert joint_request.link.url() not in html
    assert "no-store" in response["Cache-Control"]


def test_requests_of_a_reseller_are_those_it_made(request_row, joint_request, reseller_admin, sign_in):
    RelationshipRequestFactory(provider=joint_request.provider, reseller=joint_request.reseller)
    RelationshipRequestFactory(
        provider=joint_request.provider, reseller=ready_reseller("Ume"), by_reseller=True, recipient="leak@ume.example"
    )

    response = sign_in(reseller_admin).get(reverse("customers:requests"))

    assert list(response.context["page"]) == [joint_request]
    assert "Together with Kita" in readable(response)


def test_requests_are_sent_again_and_withdrawn(request_row, sales_agent, sign_in):
    client = sign_in(sales_agent)

    response = client.post(url_of(request_row, "request_send_again"), follow=True)
    assert "The message is on its way to admin@aoba.example." in readable(response)

    response = client.post(url_of(request_row, "request_withdraw"), follow=True)
    request_row.refresh_from_db()
    assert (request_row.state, response.redirect_chain) == ("withdrawn", [(reverse("customers:requests"), 302)])


def test_requests_hide_links_and_verbs_from_those_who_may_not(request_row, billing_admin, sign_in):
    html = readable(sign_in(billing_admin).get(reverse("customers:requests")))

    assert "admin@aoba.example" in html
    assert request_row.link.url() not in html
    assert url_of(request_row) not in html


def test_requests_are_filtered_by_state(request_row, provider, sales_agent, sign_in):
    withdrawn = RelationshipRequestFactory(provider=provider, withdrawn_at=NOW)
    client, url = sign_in(sales_agent), reverse("customers:requests")

    assert list(client.get(url, {"state": "withdrawn"}).context["page"]) == [withdrawn]
    assert list(client.get(url, {"state": "nonsense"}).context["page"]) == [withdrawn, request_row]
    assert list(client.get(url, {"sort": "-created"}).context["page"]) == [request_row, withdrawn]
    assert "No request is in this state" in readable(client.get(url, {"state": "sent"}, headers={"HX-Request": "true"}))


def test_requests_say_what_to_do_when_there_are_none(sales_agent, reseller_admin, sign_in):
    url = reverse("customers:requests")

    assert "Select Request a reseller relationship" in readable(sign_in(sales_agent).get(url))
    assert "Select Invite new customers beside an indirect provider" in readable(sign_in(reseller_admin).get(url))


def test_requests_are_not_for_customers(customer_admin, sign_in):
    assert sign_in(customer_admin).get(reverse("customers:requests")).status_code == 404


@pytest.mark.parametrize("who", ["sales_agent", "reseller_admin"])
def test_requests_need_as_many_queries_for_one_as_for_three(
    who, partnership, request, sign_in, django_assert_max_num_queries
):
    def add():
        row = RelationshipRequestFactory(
            provider=partnership.provider, reseller=partnership.reseller, by_reseller=who == "reseller_admin"
        )
        RelationshipFactory(provider=partnership.provider, request=row)

    client, url = sign_in(request.getfixturevalue(who)), reverse("customers:requests")
    add()
    client.get(url)
    with django_assert_max_num_queries(12) as one:
        client.get(url)
    add()
    add()
    with django_assert_max_num_queries(12) as three:
        client.get(url)

    assert len(three) == len(one)
