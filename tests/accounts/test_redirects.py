import pytest
from django.test import RequestFactory

from accounts.redirects import next_url


@pytest.mark.parametrize("method", ["get", "post"])
def test_next_url_leads_to_a_page_of_ours(method):
    request = getattr(RequestFactory(), method)("/", {"next": "/resellers/?sort=name"})

    assert next_url(request, "/else/") == "/resellers/?sort=name"


@pytest.mark.parametrize("wanted", ["", "https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_url_never_leads_away(wanted):
    request = RequestFactory().get("/", {"next": wanted})

    assert next_url(request, "/else/") == "/else/"


def test_next_url_does_not_lead_from_https_to_http():
    request = RequestFactory().get("/", {"next": "http://testserver/"}, secure=True)

    assert next_url(request) == ""


def test_switching_leads_on_to_the_page_that_asked_for_it(reseller_admin, sign_in):
    client = sign_in(reseller_admin)

    response = client.post("/me/switch/", {"membership": reseller_admin.pk, "next": "/resellers/providers/"})

    assert response.status_code == 302
    assert response.url == "/resellers/providers/"
