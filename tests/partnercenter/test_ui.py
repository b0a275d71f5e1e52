"""Dates, money, numbers and countries in the reader's language; what components must say."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django_countries.fields import Country

from partnercenter import styleguide
from partnercenter.templatetags import ui

LATE = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def plain(text: str) -> str:
    """CLDR separates with narrow and non-breaking spaces; which one is not our business."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_day_is_the_readers_day_with_utc_in_the_title():
    with timezone.override(TOKYO), translation.override("en"):
        shown = ui.day(LATE)

    assert shown == ('<time datetime="2026-01-30T23:30:00+00:00" title="2026-01-30 23:30:00 UTC">Jan 31, 2026</time>')


def test_day_speaks_japanese():
    with timezone.override(TOKYO), translation.override("ja"):
        assert ">2026/01/31<" in ui.day(LATE)


def test_day_of_a_date_has_no_time_zone():
    with timezone.override(TOKYO), translation.override("en"):
        assert ui.day(date(2026, 1, 30)) == '<time datetime="2026-01-30">Jan 30, 2026</time>'


@pytest.mark.parametrize("show", [ui.day, ui.moment, ui.money, ui.number])
def test_nothing_is_shown_as_nothing(show):
    assert show(None) == ""


def test_moment_names_the_time_zone():
    with timezone.override(TOKYO), translation.override("en"):
        shown = plain(ui.moment(LATE))

    assert shown == (
        '<time datetime="2026-01-30T23:30:00+00:00" title="2026-01-30 23:30:00 UTC">Jan 31, 2026, 8:30 AM JST</time>'
    )


def test_moment_speaks_japanese():
    with timezone.override(TOKYO), translation.override("ja"):
        assert ">2026/01/31 8:30 JST<" in ui.moment(LATE)


@pytest.mark.parametrize(
    ("language", "amount", "currency", "shown"),
    [
        ("en", Decimal("12.3"), "EUR", "€12.30"),
        ("en", Decimal("1200"), "JPY", "¥1,200"),
        ("ja", Decimal("1200"), "JPY", "￥1,200"),
        ("ja", Decimal("-12.3400"), "USD", "-$12.34"),
        ("en", Decimal("1200.0000"), "JPY", "¥1,200"),
        ("en", Decimal("0.4400"), "JPY", "¥0.44"),
        ("ja", Decimal("1234.5678"), "EUR", "€1,234.5678"),
        ("en", 5, "EUR", "€5.00"),
    ],
)
def test_money_follows_the_language_and_the_currency(language, amount, currency, shown):
    with translation.override(language):
        assert ui.money(amount, currency) == shown


def test_money_takes_one_value_that_has_both():
    with translation.override("en"):
        assert ui.money(SimpleNamespace(amount=Decimal("5"), currency="EUR")) == "€5.00"


def test_number_is_grouped():
    with translation.override("en"):
        assert ui.number(1234567) == "1,234,567"


def test_values_survive_switched_off_translations():
    with translation.override(None):
        assert ui.number(Decimal("1234.5")) == "1,234.5"


@pytest.mark.parametrize(("language", "name"), [("en", "Germany"), ("ja", "ドイツ")])
@pytest.mark.parametrize("code", ["DE", Country("DE")])
def test_country_is_named_in_the_language(language, name, code):
    with translation.override(language):
        assert ui.country(code) == name


def test_country_of_nowhere_is_nothing():
    assert ui.country(None) == ""


def test_icon_is_hidden_from_screen_readers():
    svg = Template('{% load ui %}{% icon "check" 16 %}').render(Context())

    assert svg.startswith("<svg")
    assert 'class="icon"' in svg
    assert 'aria-hidden="true"' in svg
    assert 'width="16"' in svg


def test_field_ties_label_help_and_error_to_the_input():
    html = styleguide.context()["bad_form"]["domain"].as_field_group()

    assert '<label for="id_bad-domain">' in html
    assert 'aria-describedby="id_bad-domain_helptext id_bad-domain_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_bad-domain_helptext"' in html
    assert 'id="id_bad-domain_error"' in html


def test_long_help_is_behind_a_link_and_short_help_is_not():
    form = styleguide.context()["form"]

    assert "<details" in form["mpn_id"].as_field_group()
    assert "<details" not in form["domain"].as_field_group()


def test_choices_are_a_fieldset_with_a_legend():
    html = styleguide.context()["bad_form"]["roles"].as_field_group()

    assert html.strip().startswith("<fieldset")
    assert "<legend>Roles" in html
    assert 'aria-describedby="id_bad-roles_error"' in html


def test_error_summary_links_every_error_to_its_field():
    form = styleguide.context()["bad_form"]

    html = render_to_string("components/form_errors.html", {"form": form})

    assert html.count("<li>") == sum(len(errors) for errors in form.errors.values())
    assert 'href="#id_bad-email"' in html
    assert 'href="#id_bad-status_0"' in html
    assert "no longer sold" in html


def test_error_summary_says_nothing_when_nothing_is_wrong():
    assert render_to_string("components/form_errors.html", {"form": styleguide.SampleForm()}).strip() == ""


@pytest.mark.parametrize(("direction", "said"), [("", False), ("ascending", True), ("descending", True)])
def test_sort_header_says_how_the_column_is_sorted(direction, said):
    html = render_to_string(
        "components/sort_header.html", {"label": "Name", "url": "?sort=name", "direction": direction}
    )

    assert (f'aria-sort="{direction}"' in html) is said
    assert 'href="?sort=name" data-hx-get="?sort=name"' in html


def test_pager_shows_only_links_that_lead_somewhere():
    page = SimpleNamespace(previous_url="", next_url="?after=1", from_start_url="")

    html = render_to_string("components/pager.html", {"page": page})

    assert 'rel="next" href="?after=1"' in html
    assert 'rel="prev"' not in html


def test_pager_of_a_single_page_is_nothing():
    page = SimpleNamespace(previous_url="", next_url="", from_start_url="")

    assert render_to_string("components/pager.html", {"page": page}).strip() == ""


def test_a_secret_is_escaped():
    html = render_to_string("components/secret.html", {"label": "Password", "value": "<b>&", "id": "password"})

    assert ">&lt;b&gt;&amp;</code>" in html
    assert 'data-copy="password"' in html


@pytest.mark.parametrize(("kind", "word"), [("warning", "Warning:"), ("error", "Error:")])
def test_a_notice_does_not_speak_by_colour_alone(kind, word):
    html = render_to_string("components/notice.html", {"kind": kind, "text": "Careful"})

    assert word in html


@pytest.mark.parametrize("status", ["400", "403", "403_csrf", "404", "429", "500"])
def test_error_pages_show_the_reference_without_any_context_processor(status):
    html = render_to_string(f"{status}.html", {"reference": "7f3a91c2"})

    assert "<code>7f3a91c2</code>" in html
    assert html.count("<h1>") == 1


def test_forbidden_names_the_roles_that_could():
    html = render_to_string("403.html", {"reference": "-", "needed_roles": ["Global admin", "Sales agent"]})

    assert "<li>Global admin</li><li>Sales agent</li>" in html
