"""The temporary password is in one response, and nowhere else (design.md §4.8)."""

import logging

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from accounts.models import User
from customers.models import Customer
from subscriptions.models import Order
from tests.factories import OfferFactory
from tests.subscriptions.order_answers import chosen, draft_of, line, submit, submit_added


@pytest.fixture
def client(sign_in, sales_agent):
    return sign_in(sales_agent)


@pytest.fixture
def draft(sales_agent):
    return draft_of(sales_agent, line(OfferFactory()))


def tables_with(text):
    """The tables in which some row contains the text, in any column."""
    quoted = connection.ops.quote_name
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"select count(*) from {quoted(table)} as each where each::text like %s", [f"%{text}%"])
            found += [table] if cursor.fetchone()[0] else []
    return found


def everything_cached():
    server = cache._cache.get_client()
    return {key: server.get(key) for key in server.keys("*") if server.type(key) == b"string"}


def test_the_password_is_in_the_response_once_and_works(client, draft, rf):
    answer = submit(client, draft)

    credentials = answer.context["credentials"]
    assert answer.content.decode().count(credentials.password) == 1
    assert answer["Cache-Control"] == "no-store"
    user = authenticate(rf.post("/"), email=credentials.account_name, password=credentials.password)
    assert (user.email, user.must_change_password) == ("admin@sakura.onmicrosoft.com", True)


def test_the_password_is_in_no_table_session_cache_or_log(client, draft, caplog, capsys):
    cache.set("something", "that is found")
    with caplog.at_level(logging.DEBUG):
        password = submit(client, draft).context["credentials"].password

    assert tables_with("株式会社さくら") != []
    assert tables_with(password) == []
    assert [each for each in Session.objects.all() if password in str(each.get_decoded())] == []
    cached = everything_cached()
    assert any(b"that is found" in value for value in cached.values())
    assert [key for key, value in cached.items() if password.encode() in value] == []
    assert password not in caplog.text + "".join(capsys.readouterr())


def test_the_password_is_not_in_what_the_client_keeps(client, draft):
    answer = submit(client, draft)

    password = answer.context["credentials"].password
    assert password not in f"{answer.headers} {answer.cookies} {answer.wsgi_request.get_full_path()}"
    assert password not in repr(answer.context["credentials"])


def test_confirmation_says_everything_that_one_needs(client, draft):
    text = submit(client, draft).content.decode()

    customer, order = Customer.objects.get(), Order.objects.get()
    shown = [order.number, str(customer.pk), "Setup info", "Admin user account name", "Temporary password"]
    shown += ["admin@sakura.onmicrosoft.com", "I have stored these credentials", "Done", "Download as text"]
    assert [words for words in shown if words not in text] == []
    assert f'<form method="get" action="{reverse("customers:list")}">' in text
    assert '<input type="checkbox" id="stored" required>' in text
    assert f'<input type="hidden" name="q" value="{customer.primary_domain}">' in text


def test_done_leads_to_the_customers_with_the_new_one(client, draft):
    submit(client, draft)

    page = client.get(reverse("customers:list"), {"q": "sakura.onmicrosoft.com"})

    assert "株式会社さくら" in page.content.decode()


def test_an_existing_customer_has_no_setup_info(client, draft):
    submit(client, draft)
    before = User.objects.get(email="admin@sakura.onmicrosoft.com").password
    submit_added(client, Customer.objects.get(), chosen(OfferFactory(), licences=1))

    assert Order.objects.count() == 2
    assert User.objects.get(email="admin@sakura.onmicrosoft.com").password == before
