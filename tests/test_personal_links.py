"""Three kinds of personal links, one mechanism (decision 010): what holds for each of them, and between them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from accounts.roles import Role
from activity.verbs import Verb
from customers.models import Relationship
from outbox import requests
from outbox.landing import find
from outbox.models import LINK, PersonalRequest
from outbox.post import deliver
from partnercenter.logs import masked
from resellers.models import Partnership
from tests.factories import (
    CustomerFactory,
    PartnershipRequestFactory,
    RelationshipRequestFactory,
    StaffInvitationFactory,
    UserFactory,
    member,
)
from tests.links import CLOSED, PAST, problems, token_of


@dataclass(frozen=True)
class Link:
    """A kind of link: how to make one, where it leads, and what saying yes is."""

    make: Callable[..., PersonalRequest]
    page: str
    back: str
    accept: str
    decline: str
    sent: Verb
    answer: dict[str, str]


STATES = list(zip(CLOSED, ("withdrawn", "accepted", "declined", "expired"), strict=True))
KINDS = {
    "partnership": Link(
        lambda author, **row: PartnershipRequestFactory(
            provider=author.organisation.provider, created_by=author.user, **row
        ),
        *("resellers:invitation", "resellers:invitation_return", "resellers:authorize", "resellers:decline"),
        Verb.PARTNERSHIP_REQUEST_SENT,
        {"agreed": "on"},
    ),
    "relationship": Link(
        lambda author, **row: RelationshipRequestFactory(
            provider=author.organisation.provider, created_by=author.user, **row
        ),
        *("customers:invitation", "customers:invitation_return", "customers:authorize", "customers:decline"),
        Verb.RELATIONSHIP_REQUEST_SENT,
        {"agreed": "on", "privileges": "give"},
    ),
    "staff": Link(
        lambda author, **row: StaffInvitationFactory(organisation=author.organisation, created_by=author.user, **row),
        *("staff:join", "staff:join_return", "staff:accept", "staff:decline"),
        Verb.STAFF_INVITATION_SENT,
        {},
    ),
}
each_kind = pytest.mark.parametrize("name", KINDS)


@pytest.fixture
def visitors(reseller_admin) -> dict[str, User]:
    """For each kind, somebody who may say yes."""
    customer = CustomerFactory(organisation__name="Aoba").organisation
    return {
        "partnership": reseller_admin.user,
        "relationship": member(customer, Role.GLOBAL_ADMIN).user,
        "staff": UserFactory(),
    }


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made() -> tuple[int, int, int]:
    """Everything that a link can make."""
    people = apps.get_model("accounts", "Membership")
    return Partnership.objects.count(), Relationship.objects.count(), people.objects.count()


def everything_stored() -> str:
    """Every column of every row, as PostgreSQL would dump it, and what the sessions hold."""
    parts = [str(each.get_decoded()) for each in Session.objects.all()]
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT to_jsonb(each)::text FROM "{model._meta.db_table}" each')
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts)


def test_every_kind_is_here():
    purposes = {model.PURPOSE for model in apps.get_models() if issubclass(model, PersonalRequest)}

    assert purposes == {"partnership-request", "relationship-request", "staff-invitation"}
    assert len(KINDS) == len(purposes)


# Between the kinds


@pytest.mark.parametrize(("mine", "other"), list(permutations(KINDS, 2)))
def test_a_link_of_one_kind_opens_no_page_of_another(mine, other, provider_admin, visitors):
    row, target = KINDS[mine].make(provider_admin), KINDS[other].make(provider_admin)
    type(target)._default_manager.filter(pk=target.pk).update(nonce=row.nonce)  # even if both were made of one nonce
    before = made()

    answers = []
    for client in (Client(), browser(visitors[mine]), browser(visitors[other])):
        for code in (row.code, target.code):
            arguments = [code, token_of(row)]
            answers.append(client.get(reverse(KINDS[other].page, args=arguments)))
            for verb in (KINDS[other].accept, KINDS[other].decline):
                answers.append(client.post(reverse(verb, args=arguments), KINDS[other].answer))

    assert {answer.status_code for answer in answers} == {404}
    assert made() == before
    target.refresh_from_db()
    assert (target.is_open, find(type(target), target.code, token_of(row))) == (True, None)


@pytest.mark.parametrize(("mine", "other"), list(permutations(KINDS, 2)))
def test_the_way_back_of_one_kind_does_not_take_the_cookie_of_another(mine, other, provider_admin):
    row, target = KINDS[mine].make(provider_admin), KINDS[other].make(provider_admin)
    client = Client()
    client.get(row.link.path())

    client.cookies["invitation"] = token_of(row)
    client.cookies["invitation"]["path"] = "/"

    assert client.get(reverse(KINDS[other].back, args=[target.code])).status_code == 404
    assert client.get(reverse(KINDS[mine].back, args=[row.code]))["Location"] == row.link.path()


@each_kind
def test_a_token_is_bound_to_its_purpose_and_its_row(name, provider_admin):
    row, second = KINDS[name].make(provider_admin), KINDS[name].make(provider_admin)
    purposes = ["", "personal-request", *(KINDS[each].make(provider_admin).PURPOSE for each in KINDS if each != name)]
    wrong = [(row.code, tokens.issue(row.nonce, purpose=each)) for each in purposes]
    wrong += [(second.code, token_of(row)), (uuid4(), token_of(row)), (row.code, row.nonce), (row.code, "x")]

    answers = [Client().get(reverse(KINDS[name].page, args=arguments)) for arguments in wrong]

    assert {answer.status_code for answer in answers} == {404}
    assert ["This link does not work" in answer.text for answer in answers] == [True] * len(wrong)
    assert ["Kita" in answer.text for answer in answers] == [False] * len(wrong)


# Each state


@each_kind
def test_an_open_link_is_shown_and_can_be_used(name, provider_admin, visitors):
    row = KINDS[name].make(provider_admin)
    before = made()

    for client in (Client(), browser(visitors[name])):
        assert client.get(row.link.path()).status_code == 200
    browser(visitors[name]).post(reverse(KINDS[name].accept, args=[row.code, token_of(row)]), KINDS[name].answer)

    row.refresh_from_db()
    assert (row.uses, row.state) == (1, "accepted")
    assert sum(made()) == sum(before) + 1


@pytest.mark.parametrize(("code", "state"), STATES)
@each_kind
def test_a_closed_link_says_so_and_takes_no_answer(name, code, state, provider_admin, visitors):
    row = KINDS[name].make(provider_admin, **CLOSED[code])
    before = made()

    for client in (Client(), browser(visitors[name])):
        answer = client.get(row.link.path())
        assert (answer.status_code, problems(answer)) == (410, [code])
        for verb in (KINDS[name].accept, KINDS[name].decline):
            address = reverse(verb, args=[row.code, token_of(row)])
            assert f'action="{address}"' not in answer.text
            refused = client.post(address, KINDS[name].answer)
            assert (refused.status_code, refused["Location"]) == (302, row.link.path())

    assert made() == before
    assert type(row)._default_manager.get(pk=row.pk).state == state


@each_kind
def test_a_used_link_is_used_up_for_the_next(name, provider_admin, visitors):
    row = KINDS[name].make(provider_admin)
    address = reverse(KINDS[name].accept, args=[row.code, token_of(row)])
    browser(visitors[name]).post(address, KINDS[name].answer)
    before = made()
    late = {
        "partnership": UserFactory(),
        "relationship": member(CustomerFactory().organisation, Role.GLOBAL_ADMIN).user,
        "staff": UserFactory(),
    }[name]
    before = made()

    answer = browser(late).post(address, KINDS[name].answer, follow=True)

    assert (answer.status_code, answer.context["explanations"][0].code) == (410, "request_used")
    assert made() == before


@each_kind
def test_a_declined_link_stays_declined(name, provider_admin, visitors):
    row = KINDS[name].make(provider_admin)
    client = browser(visitors[name])

    client.post(reverse(KINDS[name].decline, args=[row.code, token_of(row)]), {"reason": "No."})

    row.refresh_from_db()
    assert (row.state, row.decline_reason) == ("declined", "No.")
    assert client.get(row.link.path()).status_code == 410


# A secret


@pytest.mark.parametrize("state", [{}, *CLOSED.values()])
@each_kind
def test_every_answer_behind_a_link_is_kept_to_itself(name, state, provider_admin, visitors):
    row = KINDS[name].make(provider_admin, **state)

    for client in (Client(), browser(visitors[name])):
        for answer in (client.get(row.link.path()), client.head(row.link.path())):
            assert "no-store" in answer["Cache-Control"]
            assert answer["Referrer-Policy"] == "same-origin"
            assert answer["X-Robots-Tag"] == "noindex, nofollow"
            assert row.link.path().startswith(answer.cookies["invitation"]["path"])


@each_kind
def test_the_token_is_in_the_mail_and_neither_stored_nor_logged(name, provider_admin, visitors, caplog):
    caplog.set_level(logging.DEBUG)
    row = KINDS[name].make(provider_admin, recipient="somebody@ume.example")
    client = browser(visitors[name])

    requests.send(row, verb=KINDS[name].sent, actor=provider_admin.user)
    row.refresh_from_db()
    deliver(row.email.pk)
    client.get(reverse("account_login"), {"next": reverse(KINDS[name].back, args=[row.code])})
    client.get(row.link.path())
    client.get(row.link.path()[:-3])
    client.post(reverse(KINDS[name].accept, args=[row.code, token_of(row)]), KINDS[name].answer)

    stored, token = everything_stored(), token_of(row)
    assert mail.outbox[0].body == f"Open {row.link.url()} please."
    assert (LINK in row.message, row.nonce in stored) == (True, True)
    assert (token in stored, token in caplog.text) == (False, False)
    row.refresh_from_db()
    assert row.state == "accepted"


@each_kind
def test_the_token_is_masked_wherever_its_address_would_be_logged(name, provider_admin):
    row = KINDS[name].make(provider_admin)

    for text in (row.link.url(), f"GET {row.link.path()}accept/", f"?next={row.link.path().replace('/', '%2F')}"):
        assert token_of(row) not in masked(text)
        assert str(row.code) in masked(text)


@each_kind
def test_a_mail_is_not_sent_for_what_is_closed(name, provider_admin):
    row = KINDS[name].make(provider_admin, recipient="somebody@ume.example", withdrawn_at=PAST)

    with pytest.raises(requests.ValidationError) as refusal:
        requests.send(row, verb=KINDS[name].sent, actor=provider_admin.user)

    assert (refusal.value.code, len(mail.outbox)) == ("request_withdrawn", 0)
