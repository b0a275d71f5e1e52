"""User management: the list, adding somebody, one person's page."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, User
from accounts.roles import Role
from activity.models import Activity
from tests.factories import PASSWORD, UserFactory, member
from tests.pages import readable, secrets_of
from tests.refusals import codes

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LIST = "/staff/"
VERBS = ("roles", "suspend", "reactivate", "remove", "reset_password")


@pytest.fixture
def user_admin(provider):
    return member(provider.organisation, Role.USER_ADMIN, email="user-admin@kita.example", name="Uta User")


@pytest.fixture
def colleague(provider):
    return member(provider.organisation, Role.SALES_AGENT, email="colleague@kita.example", name="Carl Colleague")


def url(person: Membership, view: str = "person") -> str:
    return reverse(f"staff:{view}", args=[person.pk])


def accounts(response) -> list[str]:
    return [each.membership.user.email for each in response.context["people"]]


def stored(person: Membership) -> Membership:
    return Membership.objects.get(pk=person.pk)


# The list


def test_list_shows_ones_own_people_with_their_state(user_admin, colleague, provider, stranger, sign_in):
    client = sign_in(user_admin)
    User.objects.filter(pk=colleague.user_id).update(last_login=None)
    for name, user, change in (
        ("password", {"must_change_password": True}, {}),
        ("suspended", {}, {"suspended_at": NOW}),
        ("closed", {"is_active": False}, {}),
        ("removed", {}, {"ended_at": NOW}),
    ):
        person = member(provider.organisation, Role.BILLING_ADMIN, email=f"{name}@kita.example", name=name, **user)
        Membership.objects.filter(pk=person.pk).update(**change)

    response = client.get(LIST)

    assert [(each.membership.user.email, str(each.state)) for each in response.context["people"]] == [
        ("colleague@kita.example", "active"),
        ("user-admin@kita.example", "active"),
        ("closed@kita.example", "closed"),
        ("password@kita.example", "password"),
        ("suspended@kita.example", "suspended"),
    ]
    for words in ("User management", "Carl Colleague", "Sales agent", "Never", "Must choose a password", "Add user"):
        assert words in readable(response)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"role": "user_admin"}, ["user-admin@kita.example"]),
        ({"role": "sales_agent"}, ["colleague@kita.example"]),
        ({"role": "billing_admin"}, []),
        ({"state": "active"}, ["colleague@kita.example", "user-admin@kita.example"]),
        ({"state": "suspended"}, []),
        ({"state": "removed"}, ["gone@kita.example"]),
        ({"q": "carl COLL"}, ["colleague@kita.example"]),
        ({"q": "user-admin@"}, ["user-admin@kita.example"]),
        ({"q": "rhein"}, []),
        ({"role": "emperor", "state": "married"}, ["colleague@kita.example", "user-admin@kita.example"]),
        ({"sort": "-name"}, ["user-admin@kita.example", "colleague@kita.example"]),
        ({"sort": "-account"}, ["user-admin@kita.example", "colleague@kita.example"]),
        ({"sort": "seen"}, ["user-admin@kita.example", "colleague@kita.example"]),
    ],
)
def test_list_is_filtered_searched_and_sorted(user_admin, colleague, provider, stranger, sign_in, query, found):
    gone = member(provider.organisation, Role.SALES_AGENT, email="gone@kita.example")
    Membership.objects.filter(pk=gone.pk).update(ended_at=NOW)

    assert accounts(sign_in(user_admin).get(LIST, query)) == found


def test_list_says_when_nobody_is_found(user_admin, sign_in):
    html = readable(sign_in(user_admin).get(LIST, {"q": "nobody at all"}))

    assert "No users found" in html
    assert f'href="{LIST}"' in html


def test_list_is_a_fragment_for_htmx(user_admin, sign_in):
    response = sign_in(user_admin).get(LIST, headers={"HX-Request": "true"})

    assert [template.name for template in response.templates][:1] == ["staff/_table.html"]


def test_list_takes_as_many_queries_for_three_people_as_for_one(user_admin, provider, sign_in):
    client, counts = sign_in(user_admin), []
    for _person in range(3):
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
        member(provider.organisation, Role.HELPDESK_AGENT)

    assert counts == [counts[0]] * 3
    assert counts[0] <= 12


def test_list_is_paged_by_key(user_admin, provider, sign_in):
    for number in range(30):
        member(provider.organisation, Role.SALES_AGENT, name=f"A {number:02}")
    client = sign_in(user_admin)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)

    names = [each.membership.user.name for page in (first, second) for each in page.context["people"]]
    assert names == sorted(names)
    assert len(names) == 31


def test_who_may_only_look_finds_no_buttons_that_work(billing_admin, colleague, sign_in):
    html = readable(sign_in(billing_admin).get(LIST))

    assert 'href="/staff/add/"' not in html
    assert "Change roles" not in html
    assert "Roles that may do this: Global admin, User management admin" in html


def test_customer_has_users(customer_admin, sign_in):
    html = readable(sign_in(customer_admin).get(LIST))

    assert "<h1>Users</h1>" in html
    assert "User management</h1>" not in html


def test_export_is_what_the_list_shows(user_admin, colleague, stranger, sign_in):
    User.objects.filter(pk=colleague.user_id).update(last_login=NOW)

    text = b"".join(sign_in(user_admin).get("/staff/export/", {"q": "carl"}).streaming_content).decode("utf-8-sig")

    lines = text.splitlines()
    assert lines[0] == "Name,Account,Roles,Last sign-in,State,Since"
    assert lines[1].startswith("Carl Colleague,colleague@kita.example,Sales agent,2026-03-01T09:00:00+00:00,Active,")
    assert len(lines) == 2
    assert Activity.objects.get().verb == "exported"


# Add user


def typed(**changes) -> dict:
    return {
        "name": "  Nina   Neu ",
        "account_name": "New@Kita.example",
        "language": "ja",
        "roles": ["sales_agent"],
        **changes,
    }


def test_add_shows_the_password_once_and_it_works(user_admin, sign_in):
    client = sign_in(user_admin)

    response = client.post("/staff/add/", typed())

    account, password = secrets_of(response)
    user = User.objects.get(email="new@kita.example")
    assert (account, user.name, user.language) == ("new@kita.example", "Nina Neu", "ja")
    assert user.check_password(password)
    assert user.memberships.get().roles == ["sales_agent"]
    assert "no-store" in response["Cache-Control"]
    assert password not in client.get(LIST).text


def test_added_user_signs_in_and_must_choose_a_password(user_admin, sign_in, client):
    _account, password = secrets_of(sign_in(user_admin).post("/staff/add/", typed()))

    answer = client.post(reverse("account_login"), {"login": "new@kita.example", "password": password}, follow=True)

    assert answer.redirect_chain[-1] == (reverse("accounts:new_password"), 302)


def test_customer_types_the_name_before_its_domain(customer_admin, sign_in):
    client = sign_in(customer_admin)

    page = readable(client.get("/staff/add/"))
    response = client.post("/staff/add/", typed(account_name="Taro.Yamada", roles=[]))

    assert "@aoba.onmicrosoft.com" in page
    assert "Sales agent" not in page
    assert "Without any role" in page
    assert secrets_of(response)[0] == "taro.yamada@aoba.onmicrosoft.com"
    assert User.objects.get(email="taro.yamada@aoba.onmicrosoft.com").memberships.get().roles == []


@pytest.mark.parametrize("name", ["a@b", "-a", "a..b", "a.", "田中", "a b", "a" * 65])
def test_customer_is_told_what_a_name_is_made_of(customer_admin, sign_in, name):
    response = sign_in(customer_admin).post("/staff/add/", typed(account_name=name))

    assert list(response.context["form"].errors) == ["account_name", "roles"]
    assert response.context["form"]["account_name"].value() == name


def test_all_errors_are_said_at_once_and_nothing_typed_is_lost(user_admin, sign_in):
    response = sign_in(user_admin).post("/staff/add/", {"name": "Nina", "account_name": "no address", "language": "xx"})

    form = response.context["form"]
    assert codes(form) == {
        "account_name": ["invalid"],
        "language": ["invalid_choice"],
        "roles": ["required"],
    }
    assert form["name"].value() == "Nina"
    assert secrets_of(response) == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"account_name": "user-admin@kita.example"}, "account_name", "account_taken"),
        ({"account_name": "admin@next.onmicrosoft.com"}, "account_name", "wrong_domain"),
        ({"roles": ["global_admin"]}, "roles", "global_admin_only"),
        ({"roles": ["emperor"]}, "roles", "invalid_choice"),
    ],
)
def test_add_says_beside_the_field_why_not(user_admin, sign_in, changes, field, code):
    response = sign_in(user_admin).post("/staff/add/", typed(**changes))

    errors = response.context["form"].errors
    assert {name: [error.code for error in errors[name].as_data()] for name in errors} == {field: [code]}
    assert not User.objects.filter(name="Nina Neu").exists()


def test_add_needs_the_role(billing_admin, sign_in):
    client = sign_in(billing_admin)

    assert [client.get("/staff/add/").status_code, client.post("/staff/add/", typed()).status_code] == [403, 403]
    assert not User.objects.filter(email="new@kita.example").exists()


# A person's page


def test_page_shows_the_person_and_what_each_role_is_for(user_admin, colleague, sign_in):
    html = readable(sign_in(user_admin).get(url(colleague)))

    for words in (
        *("Carl Colleague", "colleague@kita.example", "Sales agent", "Suspend", "Remove user"),
        *("Reset temporary password", "Adds customers, submits orders and works with resellers."),
    ):
        assert words in html


def test_roles_are_saved(user_admin, colleague, sign_in):
    response = sign_in(user_admin).post(url(colleague, "roles"), {"roles": ["helpdesk_agent", "billing_admin"]})

    assert (response.status_code, response.url) == (302, url(colleague))
    assert stored(colleague).roles == ["billing_admin", "helpdesk_agent"]


@pytest.mark.parametrize(
    ("roles", "code"),
    [([], "required"), (["global_admin"], "global_admin_only"), (["emperor"], "invalid_choice")],
)
def test_roles_are_refused_beside_the_field(user_admin, colleague, sign_in, roles, code):
    response = sign_in(user_admin).post(url(colleague, "roles"), {"roles": roles})

    assert [error.code for error in response.context["form"].errors["roles"].as_data()] == [code]
    assert stored(colleague).roles == ["sales_agent"]


def test_last_global_admin_stays(provider_admin, sign_in):
    response = sign_in(provider_admin).post(url(provider_admin, "roles"), {"roles": ["sales_agent"]})

    assert [error.code for error in response.context["form"].errors["roles"].as_data()] == ["last_global_admin"]
    assert "is the last Global admin" in readable(response)


def test_who_gives_up_the_role_still_finds_the_page(user_admin, sign_in):
    response = sign_in(user_admin).post(url(user_admin, "roles"), {"roles": ["sales_agent"]}, follow=True)

    assert response.status_code == 200
    assert stored(user_admin).roles == ["sales_agent"]


def test_role_that_means_nothing_here_can_be_kept_and_taken_away(customer_admin, relationship, sign_in):
    person = member(relationship.customer.organisation, Role.SALES_AGENT)
    client = sign_in(customer_admin)

    assert "Sales agent" in readable(client.get(url(person)))
    client.post(url(person, "roles"), {"roles": ["sales_agent", "billing_admin"]})
    assert stored(person).roles == ["billing_admin", "sales_agent"]


def test_suspending_and_reactivating(user_admin, colleague, sign_in):
    client = sign_in(user_admin)

    suspended = client.post(url(colleague, "suspend"), follow=True)
    is_out = stored(colleague).suspended_at
    reactivated = client.post(url(colleague, "reactivate"), follow=True)

    assert is_out is not None
    assert stored(colleague).suspended_at is None
    assert "Carl Colleague is suspended and cannot come in any more." in readable(suspended)
    assert 'action="/staff/' in suspended.text
    assert "Carl Colleague can come in again, with the same roles as before." in readable(reactivated)


def test_removing_says_first_what_happens(user_admin, colleague, sign_in):
    client = sign_in(user_admin)

    asked = client.get(url(colleague, "remove"))
    before = stored(colleague).ended_at
    removed = client.post(url(colleague, "remove"), follow=True)

    assert "Carl Colleague loses access to Kita at once" in readable(asked)
    assert before is None
    assert removed.redirect_chain == [(LIST, 302)]
    assert stored(colleague).ended_at is not None
    assert "To let this person come back, send an invitation." in readable(client.get(url(colleague)))


def test_resetting_shows_the_password_once(user_admin, colleague, sign_in):
    client = sign_in(user_admin)

    asked = client.get(url(colleague, "reset_password"))
    response = client.post(url(colleague, "reset_password"))

    account, password = secrets_of(response)
    assert secrets_of(asked) == []
    assert account == "colleague@kita.example"
    assert User.objects.get(pk=colleague.user_id).check_password(password)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("view", "code"),
    [("suspend", "global_admin_only"), ("remove", "global_admin_only"), ("reset_password", "global_admin_only")],
)
def test_global_admin_is_left_alone_by_others(user_admin, provider_admin, sign_in, view, code):
    response = sign_in(user_admin).post(url(provider_admin, view))

    assert (response.status_code, response.context["refused"]) == (200, code)
    assert "Only a Global admin can change a Global admin." in readable(response)
    assert (stored(provider_admin).suspended_at, stored(provider_admin).ended_at) == (None, None)


@pytest.mark.parametrize("view", ["suspend", "remove", "reset_password"])
def test_nobody_does_it_to_oneself(user_admin, sign_in, view):
    response = sign_in(user_admin).post(url(user_admin, view))

    assert response.context["refused"] == "yourself"
    assert "You cannot do this to yourself." in readable(response)
    assert f'action="{url(user_admin, "suspend")}"' not in response.text


def test_what_somebody_else_has_done_is_said(user_admin, colleague, sign_in):
    assert sign_in(user_admin).post(url(colleague, "reactivate")).context["refused"] == "wrong_state"


def test_password_that_opens_more_is_left(user_admin, colleague, stranger, sign_in):
    Membership.objects.create(user=colleague.user, organisation=stranger.organisation, roles=[Role.SALES_AGENT])

    response = sign_in(user_admin).post(url(colleague, "reset_password"))

    assert (response.context["refused"], secrets_of(response)) == ("works_elsewhere", [])
    assert "Rhein" not in response.text


def test_who_may_only_look_finds_no_forms(billing_admin, colleague, sign_in):
    html = readable(sign_in(billing_admin).get(url(colleague)))

    assert "Roles that may do this: Global admin, User management admin" in html
    assert "/suspend/" not in html


@pytest.mark.parametrize("view", VERBS)
def test_every_verb_needs_the_role(billing_admin, colleague, sign_in, view):
    response = sign_in(billing_admin).post(url(colleague, view), {"roles": ["global_admin"]})

    assert response.status_code == 403
    assert list(Activity.objects.values_list("verb", flat=True)) == ["access_refused"]


@pytest.mark.parametrize("view", [*VERBS, "person"])
def test_another_organisations_people_do_not_exist(provider_admin, stranger, sign_in, view):
    response = sign_in(provider_admin).post(url(stranger, view), {"roles": ["billing_admin"]})

    assert response.status_code == 404
    assert stored(stranger).roles == list(Role)
    assert Activity.objects.count() == 0


@pytest.mark.parametrize("view", ["suspend", "reactivate", "roles"])
def test_a_verb_is_a_post(user_admin, colleague, sign_in, view):
    assert sign_in(user_admin).get(url(colleague, view)).status_code == 405


# Losing access


@pytest.mark.parametrize(
    ("view", "words"),
    [("suspend", "Your access to Kita is suspended"), ("remove", "You no longer work for Kita here")],
)
def test_open_session_loses_access_at_the_next_request(user_admin, colleague, sign_in, view, words):
    browser = sign_in(colleague)
    assert browser.get("/customers/").status_code == 200

    sign_in(user_admin).post(url(colleague, view))

    assert browser.get("/customers/").status_code == 403
    assert browser.get(LIST).status_code == 403
    assert browser.post("/resellers/requests/new/").status_code == 403
    assert words in readable(browser.get("/"))


def test_who_works_elsewhere_too_is_told_there(user_admin, colleague, stranger, sign_in):
    Membership.objects.create(user=colleague.user, organisation=stranger.organisation, roles=[Role.SALES_AGENT])
    browser = sign_in(colleague)
    sign_in(user_admin).post(url(colleague, "suspend"))

    html = readable(browser.get("/"))

    assert "<h1>Rhein</h1>" in html
    assert "Your access to Kita is suspended" in html


def test_who_never_worked_anywhere_is_told_how_to_begin(client, db):
    client.force_login(UserFactory())

    html = readable(client.get("/"))

    assert "invite" in html
    assert "suspended" not in html


def test_reset_password_signs_the_colleague_out(user_admin, colleague, sign_in, client):
    client.post(reverse("account_login"), {"login": colleague.user.email, "password": PASSWORD})
    assert client.get("/customers/").status_code == 200

    sign_in(user_admin).post(url(colleague, "reset_password"))

    assert client.get("/customers/").status_code == 302
