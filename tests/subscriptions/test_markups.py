"""Which markup counts, and setting one: refusals, the log, races."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from activity.models import Activity, Sighting
from subscriptions.markups import Markups, Scope, add_markup, change_markup, markups_of, remove_markup
from subscriptions.models import Markup, PastMarkup
from tests.factories import MarkupFactory, OfferFactory
from tests.refusals import refused
from tests.subscriptions.lives import at
from tests.threads import at_once, fresh

TEN = Decimal(10)


@pytest.mark.parametrize(
    ("set_", "expected"),
    [
        ([], 0),
        ([("", "", "", 1)], 1),
        ([("", "", "", 1), ("", "CFQ7", "", 2)], 2),
        ([("", "", "", 1), ("", "CFQ7", "", 2), ("", "CFQ7", "0001", 3)], 3),
        ([("", "CFQ7", "0001", 3), ("own", "", "", 4)], 4),
        ([("", "CFQ7", "0001", 3), ("own", "", "", 4), ("own", "CFQ7", "", 5)], 5),
        ([("own", "CFQ7", "", 5), ("own", "CFQ7", "0001", 6)], 6),
        ([("own", "", "", 0), ("", "", "", 9)], 0),
        ([("", "CFQ8", "", 7), ("", "CFQ7", "0002", 8)], 0),
        ([("other", "", "", 9)], 0),
    ],
)
def test_the_most_special_markup_counts(partnership, strange_relationship, set_, expected):
    resellers = {"": None, "own": partnership.reseller, "other": strange_relationship.reseller}
    for who, product, sku, percent in set_:
        MarkupFactory(
            provider=partnership.provider, reseller=resellers[who], product_id=product, sku_id=sku, percent=percent
        )
    MarkupFactory(provider=strange_relationship.provider, percent=99)

    offer = OfferFactory.build(product_id="CFQ7", sku_id="0001")

    assert Markups(partnership.provider_id, partnership.reseller_id).percent(offer) == expected


def test_in_general_a_resellers_own_do_not_count(partnership):
    MarkupFactory(provider=partnership.provider, reseller=partnership.reseller, percent=50)

    assert Markups(partnership.provider_id, None).percent(OfferFactory.build()) == 0


def test_markups_of_several_pairs_are_read_at_once(partnership, strange_relationship, django_assert_num_queries):
    provider, reseller, stranger = partnership.provider, partnership.reseller, strange_relationship.provider
    MarkupFactory(provider=provider, percent=3)
    MarkupFactory(provider=provider, reseller=reseller, percent=4)
    MarkupFactory(provider=stranger, percent=5)
    MarkupFactory(provider=stranger, reseller=strange_relationship.reseller, percent=6)
    pairs = [(provider.pk, None), (provider.pk, reseller.pk), (stranger.pk, None), (stranger.pk, reseller.pk)]

    with django_assert_num_queries(1):
        found = markups_of([*pairs, *pairs])

    assert {pair: each.percent(OfferFactory.build()) for pair, each in found.items()} == dict(
        zip(pairs, (3, 4, 5, 5), strict=True)
    )


def logged():
    return [
        (each.target, each.affected_name, each.details["reseller"], each.details["old"], each.details["new"])
        for each in Activity.objects.filter(verb="markup_changed", result="done").order_by("pk")
    ]


def test_a_markup_is_set_changed_and_removed_and_the_log_knows(partnership, provider_admin, sales_agent):
    scope = Scope(partnership.reseller, "CFQ7", "0001")

    markup = add_markup(scope, TEN, membership=provider_admin)
    change_markup(markup, Decimal("-2.5"), membership=sales_agent)

    markup.refresh_from_db()
    assert (markup.provider, markup.reseller, markup.product_id, markup.sku_id, markup.percent, markup.set_by) == (
        *(partnership.provider, partnership.reseller, "CFQ7", "0001", Decimal("-2.50")),
        sales_agent.user,
    )
    remove_markup(markup, membership=provider_admin)
    assert Markup.objects.count() == 0
    past = PastMarkup.objects.order_by("pk")
    assert [(each.reseller, each.product_id, each.sku_id, each.percent) for each in past] == [
        (partnership.reseller, "CFQ7", "0001", TEN),
        (partnership.reseller, "CFQ7", "0001", Decimal("-2.50")),
    ]
    assert past[0].ends_at == past[1].starts_at == markup.set_at
    assert logged() == [
        ("CFQ7:0001", "Sakura", "Sakura", "", "+10.00 %"),
        ("CFQ7:0001", "Sakura", "Sakura", "+10.00 %", "-2.50 %"),
        ("CFQ7:0001", "Sakura", "Sakura", "-2.50 %", ""),
    ]


def test_the_reseller_does_not_read_of_it(partnership, provider_admin):
    add_markup(Scope(partnership.reseller), TEN, membership=provider_admin)

    assert list(Sighting.objects.values_list("organisation__name", flat=True)) == ["Kita"]
    assert logged() == [("Everything", "Sakura", "Sakura", "", "+10.00 %")]


def test_setting_what_is_set_already_writes_nothing(provider_admin):
    markup = add_markup(Scope(product_id="CFQ7"), TEN, membership=provider_admin)
    set_at = markup.set_at

    change_markup(markup, TEN, membership=provider_admin)

    markup.refresh_from_db()
    assert markup.set_at == set_at
    assert logged() == [("CFQ7", "", "", "", "+10.00 %")]


@pytest.mark.parametrize("scope", [Scope(), Scope(product_id="CFQ7"), Scope(product_id="CFQ7", sku_id="0001")])
def test_the_same_scope_twice_is_refused(provider_admin, scope):
    add_markup(scope, TEN, membership=provider_admin)

    assert refused(add_markup, scope, Decimal(11), membership=provider_admin) == "markup_exists"
    assert Markup.objects.get().percent == TEN
    assert Activity.objects.get(result="refused").refusal == "markup_exists"


def test_what_differs_in_one_way_is_another_scope(partnership, provider_admin, stranger):
    scopes = [Scope(), Scope(partnership.reseller), Scope(product_id="A"), Scope(product_id="A", sku_id="1")]

    for scope in [*scopes, Scope(partnership.reseller, "A"), Scope(partnership.reseller, "A", "1")]:
        add_markup(scope, TEN, membership=provider_admin)
    add_markup(Scope(), TEN, membership=stranger)

    assert Markup.objects.count() == 7


@pytest.mark.parametrize("act", ["change", "remove"])
def test_what_is_removed_already_is_refused(provider_admin, act):
    markup = add_markup(Scope(), TEN, membership=provider_admin)
    Markup.objects.get().delete()

    acts = {
        "change": lambda: change_markup(markup, Decimal(3), membership=provider_admin),
        "remove": lambda: remove_markup(markup, membership=provider_admin),
    }

    assert refused(acts[act]) == "markup_gone"


def test_the_log_has_what_was_there_not_what_was_on_the_page(provider_admin):
    seen = add_markup(Scope(), TEN, membership=provider_admin)
    change_markup(Markup.objects.get(), Decimal(20), membership=provider_admin)

    change_markup(seen, Decimal(30), membership=provider_admin)

    assert [line[3:] for line in logged()] == [("", "+10.00 %"), ("+10.00 %", "+20.00 %"), ("+20.00 %", "+30.00 %")]


def test_nobody_sees_markups_but_the_provider(partnership, provider_admin, reseller_admin, stranger):
    markup = MarkupFactory(provider=partnership.provider, reseller=partnership.reseller)

    seen = [list(Markup.objects.visible_to(each)) for each in (provider_admin, reseller_admin, stranger, None)]

    assert seen == [[markup], [], [], []]


def past_markup(provider, start, end, **scope):
    return PastMarkup.objects.create(provider=provider, percent=TEN, starts_at=at(start), ends_at=at(end), **scope)


def test_of_one_scope_there_was_one_at_a_moment(partnership):
    provider, reseller = partnership.provider, partnership.reseller
    scopes = [{}, {"reseller": reseller}, {"product_id": "A"}, {"product_id": "A", "sku_id": "1"}]
    for scope in scopes:
        past_markup(provider, "2026-01-01", "2026-02-01", **scope)
        past_markup(provider, "2026-02-01", "2026-03-01", **scope)

    for scope in scopes:
        with pytest.raises(IntegrityError, match="subscriptions_markup_periods"), transaction.atomic():
            past_markup(provider, "2026-02-28", "2026-03-02", **scope)
    assert PastMarkup.objects.count() == 8


@pytest.mark.parametrize("act", [lambda rows: rows.update(percent=1), lambda rows: rows.delete()])
def test_what_counted_is_never_rewritten(provider, act):
    past_markup(provider, "2026-01-01", "2026-02-01")

    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        act(PastMarkup.objects.all())


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_markup(provider_admin):
    def add() -> object:
        return add_markup(Scope(product_id="CFQ7"), TEN, membership=fresh(provider_admin))

    answers = at_once(add, add, add)

    assert sorted(answers) == ["done", "markup_exists", "markup_exists"]
    assert Markup.objects.count() == 1
    assert Activity.objects.filter(verb="markup_changed", result="done").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_remove_it_once(provider_admin):
    markup = add_markup(Scope(), TEN, membership=provider_admin)

    answers = at_once(*[lambda: remove_markup(markup, membership=fresh(provider_admin))] * 2)

    assert sorted(answers) == ["done", "markup_gone"]


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_are_both_in_the_log(provider_admin):
    markup = add_markup(Scope(), TEN, membership=provider_admin)

    answers = at_once(
        *[
            lambda percent=percent: change_markup(markup, Decimal(percent), membership=fresh(provider_admin))
            for percent in (20, 30)
        ]
    )

    assert answers == ["done", "done"]
    first, second = [line[3:] for line in logged()[1:]]
    assert first[0] == "+10.00 %"
    assert second[0] == first[1]
    assert second[1] == f"{Markup.objects.get().percent:+} %"
