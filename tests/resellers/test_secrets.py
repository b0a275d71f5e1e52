"""A link is a secret (design.md §4.3): it is in the mail, and nowhere in the database."""

import logging

from django.apps import apps
from django.core import mail
from django.db import connection
from django.urls import reverse

from outbox.forms import DraftForm
from outbox.post import deliver
from resellers.models import PartnershipRequest


def everything_stored() -> str:
    """Every column of every row of ours, as PostgreSQL would dump it."""
    parts = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT to_jsonb(each)::text FROM "{model._meta.db_table}" each')
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts)


def test_token_is_in_the_mail_and_nowhere_in_the_database(sales_agent, reseller_admin, sign_in, caplog):
    caplog.set_level(logging.DEBUG)
    client = sign_in(sales_agent)
    client.post(reverse("resellers:request_create"))
    request = PartnershipRequest.objects.get()
    form = DraftForm(request=request)
    answers = {name: form[name].value() or "" for name in form.fields} | {"recipient": "reseller@sakura.example"}

    client.post(reverse("resellers:request_send", args=[request.code]), answers)
    request.refresh_from_db()
    deliver(request.email.pk)
    logged = caplog.text
    sign_in(reseller_admin).post(f"{request.link.path()}authorize/", {"agreed": "on"})

    token = request.link.path().rstrip("/").rpartition("/")[2]
    assert request.link.url() in mail.outbox[0].body
    assert len(token) == 43
    assert request.nonce in everything_stored()
    assert token not in everything_stored()
    assert token not in logged
    assert PartnershipRequest.objects.get().state == "accepted"


def test_mailed_link_works(sales_agent, reseller_admin, sign_in, settings):
    settings.PORTAL_URL = "http://testserver"
    sign_in(sales_agent).post(reverse("resellers:request_create"))
    request = PartnershipRequest.objects.get()
    PartnershipRequest.objects.update(recipient="reseller@sakura.example")
    sign_in(sales_agent).post(reverse("resellers:request_send_again", args=[request.code]))
    request.refresh_from_db()
    deliver(request.email.pk)

    [address] = [word for word in mail.outbox[0].body.split() if word.startswith("http://testserver/")]
    response = sign_in(reseller_admin).get(address)

    assert response.status_code == 200
    assert response.context["is_ready"] is True
