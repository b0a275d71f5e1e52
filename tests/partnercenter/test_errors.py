import logging
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity
from activity.verbs import Verb
from partnercenter.middleware import ReferenceFilter
from tests.factories import member


def test_a_missing_role_is_named_with_those_that_could(billing_admin, sign_in):
    response = sign_in(billing_admin).get("/orders/new/")
    html = response.content.decode()

    assert response.status_code == 403
    assert response.context["needed_roles"] == ["Global admin", "User management admin", "Admin agent", "Sales agent"]
    assert "Your role does not allow this" in html
    assert response["X-Reference"] in html
    assert Activity.objects.count() == 0


def test_a_customers_user_reads_only_roles_that_a_customer_can_give(customer_admin, sign_in):
    response = sign_in(member(customer_admin.organisation)).get(reverse("activity:list"))

    assert response.status_code == 403
    assert response.context["needed_roles"] == ["Global admin", "User management admin", "Billing admin"]
    assert "Roles are given under Users by" in response.content.decode()


def test_what_was_tried_with_a_button_is_in_the_log_of_the_company(billing_admin, stranger, sign_in):
    address = reverse("resellers:request_create")

    response = sign_in(billing_admin).post(address)
    line = Activity.objects.visible_to(billing_admin).get()

    assert response.status_code == 403
    assert (line.verb, line.result, line.refusal) == (Verb.ACCESS_REFUSED, "refused", "role_missing")
    assert (line.target, line.details) == ("request a partnership", {"path": address})
    assert list(Activity.objects.visible_to(stranger)) == []


def test_who_acts_for_no_company_is_told_what_to_do(billing_admin, sign_in):
    client = sign_in(billing_admin)
    billing_admin.delete()

    html = client.get("/activity/").content.decode()

    assert "You do not act for any company here now." in html


def test_a_page_that_is_not_there_has_a_reference_that_is_in_the_log(provider_admin, sign_in, caplog):
    with caplog.at_level(logging.INFO, "partnercenter.errors"):
        response = sign_in(provider_admin).get("/nowhere/")

    assert response.status_code == 404
    assert response["X-Reference"] in response.content.decode()
    assert "answered 404 for /nowhere/" in caplog.messages


def test_what_is_not_found_for_one_company_may_be_for_another(provider_admin, stranger, sign_in):
    """Whoever has two hats puts on the other one and is back at the same address (issue 3)."""
    Membership.objects.create(user=provider_admin.user, organisation=stranger.organisation, roles=[Role.SALES_AGENT])
    other = stranger.organisation.memberships.get(user=provider_admin.user)
    client = sign_in(provider_admin)

    page = client.get("/customers/partners/?page=2")
    switched = client.post(reverse("accounts:switch"), {"membership": other.pk, "next": "/customers/partners/?page=2"})

    assert page.status_code == 404
    assertContains(page, f'name="membership" value="{other.pk}">Act for Rhein</button>', status_code=404)
    assertContains(page, 'name="next" value="/customers/partners/?page=2"', status_code=404)
    assertRedirects(switched, "/customers/partners/?page=2", fetch_redirect_response=False)


def test_whoever_has_one_hat_is_offered_none(provider_admin, sign_in):
    response = sign_in(provider_admin).get("/nowhere/")

    assert "Act for" not in response.content.decode()


def test_a_stranger_who_is_signed_out_is_asked_to_sign_in(db):
    response = Client().get("/nowhere/")

    assert response.status_code == 404
    assert "404.html" in [template.name for template in response.templates]


def test_a_fault_has_a_page_with_its_reference(provider_admin, sign_in, caplog):
    client = sign_in(provider_admin)
    client.raise_request_exception = False

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activity_sighting RENAME TO elsewhere")
    response = client.get("/activity/")  # in the middle of which the database fails

    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
    assert response["X-Reference"] in response.content.decode()
    assert "answered 500 for /activity/" in caplog.messages


def test_a_form_without_its_token_is_explained(provider_admin):
    client = Client(enforce_csrf_checks=True)
    client.force_login(provider_admin.user)

    response = client.post("/me/profile/", {"name": "X"})

    assert response.status_code == 403
    assert "403_csrf.html" in [template.name for template in response.templates]
    assert response["X-Reference"] in response.content.decode()


@pytest.mark.parametrize("address", ["/%00", "/activity/?q=%00", "/customers/?after=%00"])
def test_nonsense_in_an_address_is_no_fault(provider_admin, sign_in, address):
    assert sign_in(provider_admin).get(address).status_code in (200, 404)


def test_every_answer_has_its_own_reference(db):
    client = Client()

    references = {client.get("/health/")["X-Reference"] for _request in range(5)}

    assert len(references) == 5
    assert {len(reference) for reference in references} == {8}


def test_the_reference_stands_in_the_log_line(caplog):
    record = logging.LogRecord("x", logging.INFO, "x", 1, "m", (), None)

    assert ReferenceFilter().filter(record)
    assert record.reference == "-"


def test_health_answers_while_the_database_does(db):
    response = Client().get("/health/")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.fixture
def developing(settings):
    """As under `make run`."""
    settings.DEBUG = True
    client = Client(raise_request_exception=False)
    yield client
    settings.DEBUG = False


@pytest.mark.parametrize("address", ["/nowhere/", f"/customers/{UUID(int=1)}/"])
def test_while_developing_what_is_not_found_has_our_page(developing, provider_admin, address):
    developing.force_login(provider_admin.user)

    response = developing.get(address)

    assert response.status_code == 404
    assert "404.html" in [template.name for template in response.templates]
    assert response["X-Reference"] in response.content.decode()


def test_while_developing_a_fault_has_our_page_and_its_traceback_is_in_the_log(developing, provider_admin, caplog):
    developing.force_login(provider_admin.user)

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activity_sighting RENAME TO elsewhere")
    response = developing.get("/activity/")

    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
    assert response["X-Reference"] in response.content.decode()
    assert [record.exc_info[0].__name__ for record in caplog.records if record.exc_info] == ["ProgrammingError"]


def test_while_developing_nonsense_has_our_page(developing, provider_admin):
    developing.force_login(provider_admin.user)

    response = developing.generic("POST", "/me/profile/", b"x", "multipart/form-data")

    assert response.status_code == 400
    assert "400.html" in [template.name for template in response.templates]


def test_while_developing_a_host_that_is_not_ours_has_our_page(developing, db):
    response = developing.get("/health/", headers={"host": "nobody's_host.example"})

    assert response.status_code == 400
    assert "This request cannot be understood" in response.content.decode()


def test_while_developing_a_missing_role_has_our_page(developing, billing_admin):
    developing.force_login(billing_admin.user)

    response = developing.get("/orders/new/")

    assert (response.status_code, "Your role does not allow this" in response.content.decode()) == (403, True)


def test_the_address_of_a_button_says_that_it_shows_nothing(provider_admin, sign_in):
    response = sign_in(provider_admin).get(reverse("resellers:request_create"))

    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "Nothing to see at this address" in response.content.decode()
    assert response["X-Reference"] in response.content.decode()


def test_what_is_sent_to_a_page_that_takes_nothing_is_refused_without_one(provider_admin, sign_in):
    response = sign_in(provider_admin).delete(reverse("resellers:request_create"))

    assert (response.status_code, response.content) == (405, b"")


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/resellers/?sort=name", "/resellers/%3Fsort%3Dname"),
        ("https://elsewhere.example/resellers/", "/"),
        ("", "/"),
    ],
)
def test_whose_session_ended_before_a_button_comes_back_to_the_page_with_the_button(db, client, referer, back):
    response = client.post(reverse("resellers:request_create"), headers={"referer": referer})

    assert (response.status_code, response["Location"]) == (302, f"{reverse('account_login')}?next={back}")


def test_whose_session_ended_before_a_part_of_a_page_comes_back_to_the_page(db, client):
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/customers/?q=aoba"}

    response = client.get(reverse("activity:list"), headers=headers)

    assert response["HX-Redirect"] == f"{reverse('account_login')}?next=/customers/%3Fq%3Daoba"


def test_whose_session_ended_before_a_page_comes_back_to_it(db, client):
    response = client.get(reverse("activity:list"), headers={"referer": "http://testserver/customers/"})

    assert response["Location"] == f"{reverse('account_login')}?next={reverse('activity:list')}"
