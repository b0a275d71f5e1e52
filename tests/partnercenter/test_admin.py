"""The operator's pages: each opens, finds, and leaves alone what is a record."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission as DjangoPermission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from accounts.roles import Role
from activity.models import Activity
from activity.verbs import Verb
from outbox.models import LINK, Notice, OutgoingEmail
from outbox.post import deliver, post
from partnercenter.admin import desk
from providers.models import Provider
from resellers.models import PartnerAccount, Reseller, SupportProfile
from subscriptions.models import OrderDraft, PriceListImport, Subscription
from tests.factories import (
    ChargeFactory,
    ContactRequestFactory,
    NoticeFactory,
    OrganisationFactory,
    PartnershipRequestFactory,
    ProfileProposalFactory,
    RelationshipRequestFactory,
    ResellerOfRecordFactory,
    StaffInvitationFactory,
    StatementFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    UserFactory,
    ready_reseller,
)

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
FILTERS = [
    (model, name)
    for model in MODELS
    for name in admin.site._registry[model].list_filter
    if isinstance(name, str)  # the others have tests of their own
]
READ_ONLY = {
    *("activity.Activity", "admin.LogEntry", "customers.Customer", "customers.CustomerAgreement"),
    *("customers.RelationshipRequest",),
    *("customers.Delegation", "customers.Relationship", "outbox.OutgoingEmail", "resellers.PartnerAgreement"),
    *("resellers.Partnership", "resellers.PartnershipRequest", "subscriptions.LicenceChange", "subscriptions.Order"),
    *("subscriptions.OrderDraft", "subscriptions.OrderLine", "subscriptions.ResellerOfRecord"),
    *("subscriptions.Subscription", "subscriptions.SupportRequest", "resellers.SupportProfile"),
    *("outbox.Notice", "outbox.NoticeChoice", "subscriptions.Charge", "subscriptions.Statement"),
    *("staff.StaffInvitation", "providers.ProfileProposal", "resellers.ContactRequest"),
}
CHANGED_ONLY = {"accounts.Organisation"}


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def operator(db):
    user = UserFactory(email="operator@portal.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def everything(operator, subscription, provider, provider_admin):
    """At least one row of every model."""
    ResellerOfRecordFactory(subscription=subscription)
    ChargeFactory(subscription=subscription)
    StatementFactory(provider=provider)
    SupportRequestFactory(subscription=subscription)
    SupportProfile.objects.create(organisation=provider.organisation)
    PartnershipRequestFactory(provider=provider, created_by=provider_admin.user)
    RelationshipRequestFactory(provider=provider, created_by=provider_admin.user)
    ProfileProposalFactory(provider=provider)
    ContactRequestFactory(provider=provider)
    StaffInvitationFactory(organisation=provider.organisation, created_by=provider_admin.user)
    NoticeFactory(membership=provider_admin).membership.user.notice_choices.create(subject="link_expired")
    OrderDraft.objects.create(provider=provider, created_by=provider_admin.user)
    subscription.customer.agreements.create(provider=provider, source="to_be_asked")
    PriceListImport.objects.create(file_name="prices.csv", content=b"")
    post(sender=provider.organisation, to="a@b.example", language="en", subject="Hello", text=f"Open {LINK}")
    operator.post(url(Organisation, "change", provider.pk), {"name": "Kita"})
    return operator


def test_the_rooms_are_all_there():
    assert {model._meta.label for model in MODELS} == READ_ONLY | CHANGED_ONLY | {
        *("accounts.Membership", "accounts.User", "providers.Provider", "resellers.PartnerAccount"),
        *("resellers.Reseller", "subscriptions.Offer", "subscriptions.PriceListImport"),
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_of_every_model_opens(everything, model):
    row = model._default_manager.order_by("pk").first()
    pages = ["", "?q=a", "?q=0012345", "?q=6f0c2a1e-8d1b-4c55-9a37-0e6d52f6b7a1", "?q=%00", "?p=2", "?all="]

    lists = {page: everything.get(url(model, "changelist") + page).status_code for page in pages}

    assert lists == dict.fromkeys(pages, 200)
    assert everything.get(url(model, "change", row.pk)).status_code == 200
    assert everything.get(url(model, "history", row.pk)).status_code == 200
    assert everything.get(url(model, "add")).status_code == (
        403 if model._meta.label in READ_ONLY | CHANGED_ONLY else 200
    )


@pytest.mark.parametrize(("model", "name"), FILTERS, ids=lambda part: getattr(part, "__name__", part))
def test_every_filter_opens(everything, model, name):
    choices = model._meta.get_field(name).choices

    response = everything.get(url(model, "changelist"), {f"{name}__exact": choices[0][0] if choices else 1})

    assert response.status_code == 200


def test_subscriptions_that_stay_overdue_are_found(operator, relationship):
    """An hour after a family failed it is tried again: what it is charged up to stays in the past meanwhile."""
    now = timezone.now()
    soon, late, later = now - timedelta(minutes=59), now - timedelta(minutes=61), now + timedelta(minutes=50)

    def plan(charged_until, due_at, **fields):
        return SubscriptionFactory(relationship=relationship, charged_until=charged_until, due_at=due_at, **fields)

    found = [plan(late, late), plan(late, later), plan(later, late)]
    plan(late, None, base=found[2])
    healthy = plan(soon, soon)
    plan(late, None, base=healthy, status="cancelled")
    plan(late, None, status="expired")

    everything, overdue, nonsense = (
        operator.get(url(Subscription, "changelist"), query).context["cl"].result_list
        for query in ({}, {"overdue": "yes"}, {"overdue": "x"})
    )

    assert list(overdue) == found[::-1]
    assert (len(everything), len(nonsense)) == (7, 7)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nothing_is_deleted(everything, model):
    row = model._default_manager.order_by("pk").first()
    before = model._default_manager.count()

    answers = [
        everything.post(url(model, "delete", row.pk), {"post": "yes"}).status_code,
        everything.post(
            url(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        ).status_code,
    ]

    assert answers[0] == 403
    assert answers[1] in (200, 302)  # the list again: there is no such action
    assert model._default_manager.count() == before


@pytest.mark.parametrize("label", sorted(READ_ONLY))
def test_records_are_not_changed(everything, label):
    model = next(model for model in MODELS if model._meta.label == label)
    row = model._default_manager.order_by("pk").values().first()

    response = everything.post(url(model, "change", row[model._meta.pk.attname]), {"status": "expired", "name": "x"})

    assert response.status_code == 403
    assert model._default_manager.order_by("pk").values().first() == row


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_secrets_are_never_shown(everything, model):
    User.objects.update(password="argon2$the-hash")
    OutgoingEmail.objects.update(link_nonce="abcdef" * 5, link_purpose="the-purpose", link_path="/the-path/")
    PartnershipRequestFactory._meta.model.objects.update(nonce="fedcba" * 5)
    StaffInvitationFactory._meta.model.objects.update(nonce="fedcba" * 5)

    html = "".join(
        everything.get(url(model, "change", row.pk)).content.decode() for row in model._default_manager.all()[:5]
    )

    for secret in ("argon2$the-hash", "abcdef" * 5, "the-purpose", "/the-path/", "fedcba" * 5, LINK):
        assert secret not in html


# Who gets in


@pytest.mark.parametrize("name", ["admin:index", "admin:accounts_user_changelist", "admin:login"])
def test_the_public_signs_in_at_the_portals_own_page(db, name):
    response = Client().get(reverse(name), follow=True)

    assert unquote(response.redirect_chain[-1][0]) == f"/accounts/login/?next={reverse(name)}"
    assert "account/login.html" in [template.name for template in response.templates]


def test_an_operator_who_is_signed_in_needs_no_second_sign_in(operator):
    assert operator.get("/operator/login/")["Location"] == "/operator/"


def test_a_member_of_a_company_does_not_get_in(provider_admin, sign_in):
    client = sign_in(provider_admin)

    assert client.get("/operator/", follow=True).status_code == 403
    assert client.get("/operator/accounts/user/", follow=True).status_code == 403


def test_an_operator_with_few_rights_sees_only_those(db):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(DjangoPermission.objects.get(codename="view_reseller"))
    client = Client()
    client.force_login(user)

    assert client.get(reverse("admin:resellers_reseller_changelist")).status_code == 200
    assert client.get(reverse("admin:resellers_reseller_add")).status_code == 403
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403


# People


def test_a_person_is_added_without_a_password(operator):
    answers = {
        "email": "New@Company.example",
        "name": "New",
        "language": "ja",
        "time_zone": "Asia/Tokyo",
        "is_active": "on",
    }

    response = operator.post(reverse("admin:accounts_user_add"), answers)
    user = User.objects.get(email="new@company.example")

    assert response.status_code == 302
    assert (user.name, user.language, user.time_zone, user.is_active, user.is_staff) == (
        *("New", "ja", "Asia/Tokyo", True, False),
    )
    assert not user.has_usable_password()
    assert user.emailaddress_set.get().verified


def test_a_person_is_added_once(operator, provider_admin):
    answers = {"email": "Global-Admin@kita.example", "name": "New", "time_zone": "UTC"}

    response = operator.post(reverse("admin:accounts_user_add"), answers)

    assert response.context["errors"] == [["Somebody already signs in with this address."]]


def test_a_person_is_changed_and_keeps_the_password(operator, provider_admin):
    before = provider_admin.user.password

    operator.post(
        url(User, "change", provider_admin.user_id),
        {"email": "other@x.example", "name": "Changed", "time_zone": "UTC", "language": "en"},
    )
    user = User.objects.get(pk=provider_admin.user_id)

    assert (user.email, user.name, user.is_active, user.password) == (
        *("global-admin@kita.example", "Changed", False, before),
    )


def test_a_membership_is_added_and_the_company_reads_it(operator, provider):
    user = UserFactory()

    operator.post(
        url(Membership, "add"),
        {"user": user.pk, "organisation": provider.pk, "roles": [Role.SALES_AGENT, Role.ADMIN_AGENT]},
    )
    membership = Membership.objects.get()
    line = Activity.objects.visible_to(membership).get()

    assert (membership.user, membership.roles) == (user, ["sales_agent", "admin_agent"])
    assert (line.verb, line.actor, line.affected) == (Verb.OPERATOR_CHANGED, operator.user, provider.organisation)
    assert line.details["fields"] == ["user", "organisation", "roles"]


def test_a_membership_is_never_moved_to_another_person(operator, provider_admin, stranger):
    operator.post(
        url(Membership, "change", provider_admin.pk),
        {"user": stranger.user_id, "organisation": stranger.organisation_id, "roles": [Role.SALES_AGENT]},
    )
    provider_admin.refresh_from_db()

    assert (provider_admin.user.email, provider_admin.organisation.name, provider_admin.roles) == (
        *("global-admin@kita.example", "Kita", ["sales_agent"]),
    )


def test_whose_roles_the_operator_changes_is_told(operator, provider_admin):
    address = url(Membership, "change", provider_admin.pk)
    for roles in ([Role.SALES_AGENT], [Role.SALES_AGENT]):
        operator.post(address, {"roles": roles})
    suspended = {"suspended_at_0": "2026-03-01", "suspended_at_1": "09:00"}
    operator.post(address, {"roles": [Role.SALES_AGENT], **suspended})

    notice = Notice.objects.get()
    assert (notice.membership, notice.subject, notice.path) == (provider_admin, "roles_changed", "/account-settings/")
    assert notice.names == {"company": "Kita", "roles": "sales_agent"}
    provider_admin.refresh_from_db()
    assert provider_admin.suspended_at is not None


# Companies


def test_a_provider_is_added_with_its_company(operator):
    answers = {"company_name": "Neu GmbH", "country": "DE", "languages": "de,en"}

    response = operator.post(url(Provider, "add"), answers)
    provider = Provider.objects.get()

    assert response.status_code == 302
    assert (provider.organisation.name, provider.organisation.kind, provider.region) == (
        "Neu GmbH",
        "provider",
        "europe",
    )
    assert provider.languages == ["de", "en"]
    assert list(Activity.objects.values_list("verb", "affected")) == [(Verb.OPERATOR_CHANGED, provider.pk)]


def test_a_reseller_that_the_operator_adds_waits_for_its_enrolment(operator):
    operator.post(
        url(Reseller, "add"),
        {"company_name": "Neu", "country": "JP", "contact_name": "N", "contact_email": "n@neu.example"},
    )
    reseller = Reseller.objects.get()

    assert (str(reseller), reseller.organisation.kind, reseller.enrolment) == ("Neu", "reseller", "pending")


def test_a_company_without_a_country_is_refused_with_nothing_made(operator):
    response = operator.post(url(Provider, "add"), {"company_name": "Neu"})

    assert response.status_code == 200
    assert "country" in response.context["adminform"].form.errors
    assert Organisation.objects.count() == 0


def test_a_providers_entry_is_changed_and_its_company_stays(operator, provider):
    operator.post(
        url(Provider, "change", provider.pk), {"description": "New words", "company_name": "X", "country": "DE"}
    )
    provider.refresh_from_db()

    assert (provider.description, str(provider), str(provider.organisation.country)) == ("New words", "Kita", "JP")


def test_an_organisation_changes_its_name_and_nothing_else(operator, provider):
    operator.post(url(Organisation, "change", provider.pk), {"name": "Kita 2", "kind": "reseller", "country": "DE"})
    organisation = Organisation.objects.get(pk=provider.pk)

    assert (organisation.name, organisation.kind, str(organisation.country)) == ("Kita 2", "provider", "JP")


@pytest.mark.parametrize(
    ("action", "state", "verb"),
    [
        ("authorize", "authorized", Verb.ENROLMENT_AUTHORIZED),
        ("reject", "rejected", Verb.ENROLMENT_REJECTED),
    ],
)
def test_an_enrolment_is_decided_and_the_reseller_reads_it(operator, reseller_admin, reseller, action, state, verb):
    Reseller.objects.update(enrolment="pending")

    response = operator.post(
        url(Reseller, "changelist"), {"action": action, "_selected_action": [reseller.pk]}, follow=True
    )
    line = Activity.objects.visible_to(reseller_admin).get()

    assert Reseller.objects.get().enrolment == state
    assert (line.verb, line.actor, line.details) == (verb, operator.user, {"old": "pending"})
    assert "Sakura: " in response.content.decode()


def test_what_cannot_be_decided_is_said(operator, reseller):
    Reseller.objects.update(enrolment="pending")

    response = operator.post(
        url(Reseller, "changelist"), {"action": "suspend", "_selected_action": [reseller.pk]}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "The enrollment of Sakura is not authorized, so there is nothing to suspend."
    ]
    assert Reseller.objects.get().enrolment == "pending"


def test_the_associated_number_may_change_and_the_number_not(operator, reseller):
    account = PartnerAccount.objects.get()

    operator.post(url(PartnerAccount, "change", account.pk), {"number": "999", "kind": "global"})
    account.refresh_from_db()

    assert (account.number, account.kind, account.is_associated) == ("0012345", "location", False)


# Mail


def mail(provider, state):
    email = post(sender=provider.organisation, to="a@b.example", language="en", subject="Hello", text=f"Open {LINK}")
    OutgoingEmail.objects.filter(pk=email.pk).update(state=state, attempts=8)
    return email


def test_refused_mail_is_sent_again_and_other_mail_left_alone(operator, provider):
    refused, sent = mail(provider, "refused"), mail(provider, "sent")

    response = operator.post(
        url(OutgoingEmail, "changelist"),
        {"action": "send_again", "_selected_action": [refused.pk, sent.pk]},
        follow=True,
    )

    assert list(OutgoingEmail.objects.order_by("pk").values_list("state", "attempts")) == [("waiting", 0), ("sent", 8)]
    assert [str(message) for message in response.context["messages"]] == [
        "1 message is on its way again.",
        "1 message was not refused, so it stays as it is.",
    ]


def test_the_link_in_a_mail_is_masked(operator, provider):
    html = operator.get(url(OutgoingEmail, "change", mail(provider, "sent").pk)).content.decode()

    assert "Open https://…/••••••••" in html
    assert "As it was delivered" not in html


# A million rows


def test_lists_are_not_counted_beyond_a_thousand(db, monkeypatch):
    monkeypatch.setattr(desk, "MOST_COUNTED", 5)
    OrganisationFactory.create_batch(7)
    found = desk.BoundedPaginator(Organisation.objects.filter(name__startswith="Company").order_by("pk"), 2)
    everything = desk.BoundedPaginator(Organisation.objects.order_by("pk"), 2)

    assert found.count == 5
    assert everything.count >= 5


def test_a_paginator_counts_what_is_no_query():
    assert desk.BoundedPaginator([1, 2, 3], 2).count == 3


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_lists_take_as_many_queries_for_three_rows_as_for_one(everything, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        everything.get(url(model, "changelist"))


def test_choosing_a_company_looks_it_up(operator):
    ready_reseller("Sakura")
    ready_reseller("Ume")

    answer = operator.get(
        "/operator/autocomplete/",
        {"app_label": "accounts", "model_name": "membership", "field_name": "organisation", "term": "saku"},
    ).json()

    assert [each["text"] for each in answer["results"]] == ["Sakura"]


def test_while_developing_a_mail_is_read_as_it_was_delivered(operator, provider, settings, tmp_path):
    settings.DEBUG = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    email = post(sender=provider.organisation, to="a@b.example", language="en", subject="Hello", text="Words <b>")
    deliver(email.pk)

    html = operator.get(url(OutgoingEmail, "change", email.pk)).content.decode()

    assert "As it was delivered" in html
    assert html.count("Words &lt;b&gt;") == 2


def test_sending_again_what_was_refused_says_nothing_else(operator, provider):
    refused = mail(provider, "refused")

    response = operator.post(
        url(OutgoingEmail, "changelist"), {"action": "send_again", "_selected_action": [refused.pk]}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == ["1 message is on its way again."]
