"""Three kinds of links (decision 010) in hostile hands: the wrong hat, the wrong company, a lower role, a text that
would keep a link in the database, and readers who may see a list but not the link.

What holds between the kinds and in each state is in tests/test_personal_links.py.
"""

import re

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Kind, Role
from outbox.models import Notice, OutgoingEmail
from outbox.post import deliver
from outbox.requests import check_message
from tests.addresses import PLAIN
from tests.attack_tools import stored, text_of
from tests.factories import CustomerFactory, OrganisationFactory, UserFactory, member
from tests.links import token_of
from tests.test_personal_links import KINDS, browser, made

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def companies(reseller_admin) -> dict[str, Membership]:
    """For the links that ask a company: somebody who may say yes for one."""
    customer = CustomerFactory(organisation__name="Tsubaki").organisation
    return {"partnership": reseller_admin, "relationship": member(customer, Role.GLOBAL_ADMIN)}


def answer(client, row, kind: str, verb: str = "accept", **typed):
    address = reverse(getattr(KINDS[kind], verb), args=[row.code, token_of(row)])
    return client.post(address, KINDS[kind].answer | typed)


# The wrong hat


@pytest.mark.parametrize("kind", ["partnership", "relationship"])
def test_a_link_opened_with_the_wrong_hat_offers_the_right_one(kind, provider_admin, companies):
    """Somebody works for a company that cannot answer, acts for it, and works for one that can."""
    row, right = KINDS[kind].make(provider_admin), companies[kind]
    wrong = member(OrganisationFactory(kind=Kind.PROVIDER, name="Ahorn"), *Role)
    wrong.user = right.user
    wrong.save()
    client = browser(right.user)
    client.post(reverse("accounts:switch"), {"membership": wrong.pk})
    before = made()

    page = client.get(row.link.path())
    refused = [answer(client, row, kind), answer(client, row, kind, "decline")]
    is_untouched = (made(), type(row)._default_manager.get(pk=row.pk).is_open)
    switched = client.post(reverse("accounts:switch"), {"membership": right.pk, "next": _back(page)}, follow=True)
    answer(client, row, kind)

    assert page.status_code == 200
    assert re.search(rf'name="membership" value="{right.pk}"', page.text)
    assert [each["Location"] for each in refused] == [row.link.path()] * 2
    assert is_untouched == (before, True)
    assert (switched.redirect_chain[-1], switched.status_code) == ((row.link.path(), 302), 200)
    assert sum(made()) == sum(before) + 1


def _back(page) -> str:
    return re.search(r'name="next" value="(/[^"]+return[^"]*|/[^"]*invitation/[0-9a-f-]+/)"', page.text)[1]


# Others who have the link


@pytest.mark.parametrize("kind", ["partnership", "relationship"])
def test_a_link_in_the_wrong_hands_changes_nothing(kind, provider_admin, sales_agent, stranger, companies):
    """The sender's own people, other providers, the wrong kind, lower roles, suspended and removed people, nobody."""
    row, right = KINDS[kind].make(provider_admin), companies[kind]
    wrong_kind = companies["relationship" if kind == "partnership" else "partnership"]
    lower = member(right.organisation, *(set(Role) - {Role.GLOBAL_ADMIN}))
    out = [member(right.organisation, Role.GLOBAL_ADMIN) for _each in range(2)]
    Membership.objects.filter(pk=out[0].pk).update(suspended_at=timezone.now())
    Membership.objects.filter(pk=out[1].pk).update(ended_at=timezone.now())
    hands = [provider_admin, sales_agent, stranger, wrong_kind, lower, *out]
    before = made()

    for each in (*(membership.user for membership in hands), UserFactory()):
        client = browser(each)
        for verb in ("accept", "decline"):
            assert answer(client, row, kind, verb).status_code in (200, 302)

    assert (made(), type(row)._default_manager.get(pk=row.pk).is_open) == (before, True)


def test_an_invitation_brings_back_nobody_who_is_suspended_or_closed(provider_admin, sales_agent):
    row = KINDS["staff"].make(provider_admin, roles=[Role.GLOBAL_ADMIN])
    Membership.objects.filter(pk=sales_agent.pk).update(suspended_at=timezone.now())
    before = made()

    answers = [browser(each.user).post(reverse("staff:accept", args=[row.code, token_of(row)]))
               for each in (sales_agent, provider_admin)]  # fmt: skip

    assert [each["Location"] for each in answers] == [row.link.path()] * 2
    assert (made(), Membership.objects.get(pk=sales_agent.pk).roles) == (before, ["sales_agent"])


@pytest.mark.parametrize("change", [{"roles": [Role.SALES_AGENT]}, {"suspended_at": "2026-03-01T12:00Z"}])
def test_an_invitation_to_be_global_admin_falls_with_its_author(change, provider, provider_admin):
    """Whoever was demoted or suspended has no back door open: neither for a friend nor for a second account."""
    author = member(provider.organisation, Role.GLOBAL_ADMIN)
    row = KINDS["staff"].make(author, roles=[Role.GLOBAL_ADMIN])
    Membership.objects.filter(pk=author.pk).update(**change)
    before = made()

    refused = browser(UserFactory()).post(reverse("staff:accept", args=[row.code, token_of(row)]))

    assert (refused["Location"], made()) == (row.link.path(), before)


# A text that would keep a link


@pytest.mark.parametrize("other", KINDS)
@each_kind
def test_no_message_keeps_a_link_of_any_kind(kind, other, provider_admin):
    """Not even of another kind, in the text or in the subject: a copy of the database would have it."""
    row, second = KINDS[kind].make(provider_admin), KINDS[other].make(provider_admin)
    client, own = browser(provider_admin.user), row.link.url()
    typed = {
        "subject": "S",
        "message": own,
        "language": "en",
        "lifetime": "90",
        "uses": "once",
        "recipient": "a@b.example",
    }

    in_text = client.post(row.get_absolute_url(), typed | {"message": f"{own} {second.link.url()}"})
    in_subject = client.post(row.get_absolute_url(), typed | {"subject": f"Open {second.link.path()}"})
    sent = client.post(f"{row.get_absolute_url()}send/", typed | {"subject": own})

    codes = [
        {name: [error.code for error in errors] for name, errors in page.context["form"].errors.as_data().items()}
        for page in (in_text, in_subject, sent)
    ]
    assert codes == [{"message": ["link_altered"]}, {"subject": ["link_altered"]}, {"subject": ["link_altered"]}]
    assert token_of(row) not in str(stored())
    assert token_of(second) not in str(stored())
    with pytest.raises(ValidationError) as refused:
        check_message(f"{{{{personal-link}}}} {second.link.url()}")
    assert refused.value.code == "link_altered"


# Where a link must not be


@each_kind
def test_a_link_is_in_no_notice_header_export_or_list(kind, provider_admin, companies, sign_in):
    """It is made, sent, opened, accepted; both sides read all that they can afterwards, but the page of the request."""
    row = KINDS[kind].make(provider_admin, recipient="somebody@ume.example")
    colleague = member(provider_admin.organisation, Role.GLOBAL_ADMIN)
    client = sign_in(provider_admin)
    client.post(f"{row.get_absolute_url()}send-again/")
    row.refresh_from_db()
    deliver(row.email_id)
    guest = companies[kind].user if kind in companies else UserFactory()
    visitor = browser(guest)
    shown = visitor.get(row.link.path())
    answer(visitor, row, kind)
    for each in OutgoingEmail.objects.filter(state="waiting"):
        deliver(each.pk)

    names = [name for name in PLAIN if not name.startswith("account_l")]
    read = [text_of(each.get(reverse(name))) for each in (client, sign_in(colleague), visitor) for name in names]

    token, first = token_of(row), mail.outbox[0]
    assert (token in first.body, Notice.objects.filter(membership=colleague).count()) == (True, 1)
    headers = [f"{each.message().items()}" for each in mail.outbox]
    assert [token in each for each in (*headers, *(each.body for each in mail.outbox[1:]))] == [False] * (
        2 * len(mail.outbox) - 1
    )
    assert [token in each for each in read] == [False] * len(read)
    assert token not in f"{stored()}"
    assert shown["Referrer-Policy"] == "same-origin"


@each_kind
def test_who_may_only_look_sees_the_list_and_never_a_link(kind, provider_admin, billing_admin, sign_in):
    row = KINDS[kind].make(provider_admin, recipient="somebody@ume.example")
    client = sign_in(billing_admin)
    lists = {"partnership": "resellers:requests", "relationship": "customers:requests", "staff": "staff:invitations"}

    listed = client.get(reverse(lists[kind]))

    assert (listed.status_code, token_of(row) in listed.text, row.nonce in listed.text) == (200, False, False)
    assert client.get(row.get_absolute_url()).status_code == 403
    assert token_of(row) not in client.get(row.get_absolute_url()).text


def test_a_link_to_be_global_admin_is_shown_to_global_admins_alone(provider, provider_admin, sign_in):
    row = KINDS["staff"].make(provider_admin, roles=[Role.GLOBAL_ADMIN], recipient="a@b.example")
    client = sign_in(member(provider.organisation, Role.USER_ADMIN))
    before = stored("activity_activity", "activity_sighting")

    pages = [client.get(reverse("staff:invitations")), client.get(row.get_absolute_url())]
    posts = [
        client.post(f"{row.get_absolute_url()}{verb}") for verb in ("send/", "send-again/", "withdraw/", "language/")
    ]

    assert [page.status_code for page in (*pages, *posts)] == [200, *[403] * 5]
    assert token_of(row) not in "".join(page.text for page in (*pages, *posts))
    assert stored("activity_activity", "activity_sighting") == before


def test_a_link_of_an_ex_partner_ties_nobody(partnership, reseller_admin, companies):
    """An ex-partner's link, sent before the end, is opened after it: both companies would have been tied."""
    row = KINDS["relationship"].make(
        member(partnership.provider.organisation, Role.GLOBAL_ADMIN), reseller=partnership.reseller, by_reseller=True
    )
    partnership.ended_at = timezone.now()
    partnership.save()
    before, client = made(), browser(companies["relationship"].user)

    page, refused = client.get(row.link.path()), answer(client, row, "relationship")

    assert [each.code for each in page.context["explanations"]] == ["partnership_ended"]
    assert (refused["Location"], made()) == (row.link.path(), before)
