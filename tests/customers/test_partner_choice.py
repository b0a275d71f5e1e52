"""Choosing a partner: who is offered and found, by whom, how much the pages weigh, and what is refused."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from customers import partner_choice as module
from customers.partner_choice import Partners
from resellers.partnerships import end_partnership
from subscriptions.models import ResellerOfRecord
from tests.factories import (
    OfferFactory,
    PartnershipFactory,
    ResellerFactory,
    ResellerOfRecordFactory,
    ready_reseller,
)
from tests.refusals import codes_on, refused
from tests.subscriptions.order_answers import account, chosen, draft_for, draft_of, line, submit_added, url

SUGGEST = reverse("orders:partners")
BOX = re.compile(r'<input type="text" name="([\w-]+)" value="([^"]*)" list="')


def suggested(client, **query):
    return re.findall(r'<option value="([^"]*)">', client.get(SUGGEST, query).text)


def boxes(response):
    """The boxes on the page, with what stands in them."""
    return dict(BOX.findall(response.text))


def refusal(partners, text):
    with pytest.raises(ValidationError) as caught:
        partners.find(text)
    return caught.value.code, caught.value.messages[0]


@pytest.fixture
def many(monkeypatch):
    """Whoever has more than one partner types."""
    monkeypatch.setattr(module, "MOST_CHOICES", 1)


@pytest.fixture
def partners(provider, partnership, strange_relationship):
    """Sakura and four more partners of Kita; a former one, and one of a stranger."""
    names = {"Sakura Trading": "101", "株式会社さくら": "102", "ＡＢＣ商事": "103", "フジ販売": "104"}
    for name, number in names.items():
        PartnershipFactory(provider=provider, reseller=ready_reseller(name, number=number))
    now = timezone.now()
    former = ready_reseller("Former Sakura", number="777")
    PartnershipFactory(provider=provider, reseller=former, started_at=now, ended_at=now)
    return names


# Who is found


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("", None),
        ("no indirect reseller", None),
        ("Sakura (ID: 0012345)", "0012345"),
        ("sakura （ＩＤ： １２３４５）", "0012345"),
        ("１２３４５", "0012345"),
        ("SAKURA", "0012345"),
        (" sakura   tr", "101"),
        ("株式会社", "102"),
        ("abc商事", "103"),
        ("ａｂｃ", "103"),
        ("ﾌｼﾞ", "104"),
    ],
)
@pytest.mark.usefixtures("partners")
def test_partner_is_found_by_label_number_name_or_beginning(sales_agent, typed, number):
    found = Partners(sales_agent, nobody="No indirect reseller").find(typed)

    assert (found and found.number) == number


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        ("Momiji", "partner_unknown", "“Momiji” is none of your partners. Type a name or an MPN ID."),
        ("Mosel", "partner_unknown", "“Mosel” is none of your partners. Type a name or an MPN ID."),
        ("77001", "partner_unknown", "“77001” is none of your partners. Type a name or an MPN ID."),
        ("Former", "partner_unknown", "“Former” is none of your partners. Type a name or an MPN ID."),
        ("100%", "partner_unknown", "“100%” is none of your partners. Type a name or an MPN ID."),
        (
            "sak",
            "partner_unclear",
            "“sak” does not say which partner. Did you mean one of these: "
            "Sakura (ID: 0012345), Sakura Trading (ID: 101)?",
        ),
        (
            "さくら",
            "partner_unclear",
            "“さくら” does not say which partner. Did you mean one of these: 株式会社さくら (ID: 102)?",
        ),
        (
            "フジ販売 (ID: 103)",
            "partner_unclear",
            "“フジ販売 (ID: 103)” does not say which partner. Did you mean one of these: ＡＢＣ商事 (ID: 103)?",
        ),
        (
            "234",
            "partner_unclear",
            "“234” does not say which partner. Did you mean one of these: Sakura (ID: 0012345)?",
        ),
    ],
)
@pytest.mark.usefixtures("partners")
def test_what_does_not_name_one_partner_is_refused(sales_agent, typed, code, says):
    assert refusal(Partners(sales_agent), typed) == (code, says)


def test_two_of_the_same_name_are_told_apart_by_their_numbers(sales_agent, provider, partnership):
    PartnershipFactory(provider=provider, reseller=ready_reseller("SAKURA", number="55"))
    partners = Partners(sales_agent)

    assert refusal(partners, "sakura")[0] == "partner_unclear"
    assert partners.find("SAKURA (ID: 55)").number == "55"


@pytest.mark.usefixtures("partners")
def test_the_number_of_what_is_unclear_is_refused_and_that_of_a_strange_label_is_left_to_eligibility(sales_agent):
    partners = Partners(sales_agent, is_credit=True)

    assert (partners.number("Mosel (ID: 77001)"), partners.number("")) == ("77001", "")
    assert refused(partners.number, "sak") == "partner_unclear"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.usefixtures("partners")
def test_all_are_looked_up_with_one_query(sales_agent, django_assert_num_queries, count):
    partners, texts = Partners(sales_agent), ["Sakura Tr", "ＡＢＣ", "nobody"][:count]

    with django_assert_num_queries(1):
        partners.look_up(texts)
        partners.look_up([*texts, ""])

    assert partners.find("sakura tr").name == "Sakura Trading"


# Suggestions


@pytest.mark.usefixtures("partners")
def test_suggestions_begin_with_the_likeliest_and_are_ones_own_partners(sign_in, sales_agent, stranger):
    assert suggested(sign_in(sales_agent), reseller="sakura") == ["Sakura (ID: 0012345)", "Sakura Trading (ID: 101)"]
    assert suggested(sign_in(sales_agent), reseller="さくら") == ["株式会社さくら (ID: 102)"]
    assert suggested(sign_in(sales_agent), reseller="0123") == ["Sakura (ID: 0012345)"]
    assert suggested(sign_in(stranger), reseller="sakura") == []
    assert suggested(sign_in(stranger)) == ["Mosel (ID: 77001)"]


def test_suggestions_are_twenty_at_most_and_cost_the_same(sign_in, provider, sales_agent, django_assert_num_queries):
    client, counts = sign_in(sales_agent), []
    for more in (1, 2, 18):
        for number in range(more):
            PartnershipFactory(provider=provider, reseller=ready_reseller(f"R{more}-{number}"))
        with django_assert_num_queries(3):
            counts.append(len(suggested(client, reseller="r")))

    assert counts == [1, 3, 20]


def test_only_who_has_an_mpn_id_is_suggested_for_credit(sign_in, provider, provider_admin, partnership):
    PartnershipFactory(provider=provider, reseller=ResellerFactory(organisation__name="Sakura without"))
    client = sign_in(provider_admin)

    assert suggested(client, reseller="sakura") == ["Sakura (ID: 0012345)", "Sakura without"]
    assert suggested(client, reseller="sakura", **{"for": "credit"}) == ["Sakura (ID: 0012345)"]


def test_suggestions_are_for_a_providers_people(sign_in, billing_admin, reseller_admin, customer_admin):
    statuses = [sign_in(each).get(SUGGEST).status_code for each in (billing_admin, reseller_admin, customer_admin)]

    assert statuses == [200, 404, 404]
    assert sign_in(billing_admin).post(SUGGEST).status_code == 405


# The four places, with many partners


@pytest.mark.usefixtures("many", "partners")
def test_new_customer_has_a_box_and_takes_a_typed_name(sign_in, sales_agent, reseller):
    client = sign_in(sales_agent)

    shown = boxes(client.get(reverse("orders:new"), {"reseller": str(reseller.pk)}))
    wrong = client.post(reverse("orders:new"), account(reseller=None) | {"reseller": "sak"})
    foreign = client.get(reverse("orders:new"), {"reseller": str(sales_agent.organisation_id)})
    right = client.post(reverse("orders:new"), account() | {"reseller": "sakura trading"}, follow=True)

    assert (shown, boxes(foreign)) == ({"reseller": "Sakura (ID: 0012345)"}, {"reseller": ""})
    assert boxes(wrong) == {"reseller": "sak"}
    assert codes_on(wrong) == {"reseller": ["partner_unclear"]}
    assert boxes(right) == {"reseller": "Sakura Trading (ID: 101)"}


@pytest.mark.usefixtures("many", "partners")
def test_lines_take_typed_names_and_keep_what_was_typed(sign_in, sales_agent, relationship):
    offers = OfferFactory.create_batch(3)
    draft, client = draft_for(sales_agent, relationship.customer), sign_in(sales_agent)
    typed = ["ａｂｃ", "sak", "77001"]
    sent = chosen(*offers, reseller="Sakura Trading", action="next")
    sent |= {f"{offer.code}-reseller": text for offer, text in zip(offers, typed, strict=True)}

    page = client.post(url("subscriptions", draft), sent)

    lines = page.context["basket"].lines
    assert [[error.code for error in each.errors.as_data().get("reseller", [])] for each in lines] == [
        [],
        ["partner_unclear"],
        ["mpn_not_partnered"],
    ]
    assert boxes(page) == {
        f"{offers[0].code}-reseller": "ＡＢＣ商事 (ID: 103)",
        f"{offers[1].code}-reseller": "sak",
        f"{offers[2].code}-reseller": "77001",
        "reseller": "Sakura Trading (ID: 101)",
    }


@pytest.mark.usefixtures("many", "partners")
def test_order_credits_who_was_typed(sign_in, sales_agent, relationship):
    offer = OfferFactory()

    submit_added(sign_in(sales_agent), relationship.customer, chosen(offer, number="株式会社さくら (ID: 102)"))

    assert ResellerOfRecord.objects.get().partner_account.number == "102"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.usefixtures("many", "partners")
def test_lines_cost_the_same_however_many(sign_in, sales_agent, django_assert_num_queries, count):
    texts = ["Sakura", "Sakura Trading (ID: 101)", "ＡＢＣ"][:count]
    draft = draft_of(sales_agent, *(line(OfferFactory(), reseller=text) for text in texts))
    client = sign_in(sales_agent)

    with django_assert_num_queries(12):
        page = client.get(url("subscriptions", draft))

    assert len(boxes(page)) == count + 1


def credit_and_support(subscription, reseller):
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    subscription.support_contact = reseller
    subscription.save()


def sent_by(response, **changes):
    """What a browser sends back from a page of a subscription, with some of it typed over."""
    form = response.context["form"]
    sent = {name: form[name].value() for name in form.fields} | boxes(response)
    sent |= {f"initial-{name}": form[name].value() for name in form.fields}
    return {name: value for name, value in (sent | changes).items() if value not in (None, False)}


@pytest.mark.usefixtures("many", "partners")
def test_subscription_takes_typed_names(sign_in, provider_admin, subscription, reseller):
    credit_and_support(subscription, reseller)
    client, page_url = sign_in(provider_admin), reverse("subscriptions:detail", args=[subscription.code])
    page = client.get(page_url)

    unchanged = client.post(page_url, sent_by(page))
    wrong = client.post(page_url, sent_by(page, reseller="nobody", support_contact="Mosel"))
    right = client.post(page_url, sent_by(page, reseller="フジ", support_contact="Sakura Trading"))

    subscription.refresh_from_db()
    assert boxes(page) == dict.fromkeys(["reseller", "support_contact"], "Sakura (ID: 0012345)")
    assert (unchanged.status_code, right.status_code) == (302, 302)
    assert boxes(wrong) == {"reseller": "nobody", "support_contact": "Mosel"}
    assert set(wrong.context["form"].errors) == {"reseller", "support_contact"}
    assert ResellerOfRecord.objects.get(ends_at=None).partner_account.number == "104"
    assert str(subscription.support_contact) == "Sakura Trading"


@pytest.mark.usefixtures("many", "partners")
def test_subscription_keeps_who_is_no_partner_any_more(sign_in, provider_admin, subscription, partnership, reseller):
    credit_and_support(subscription, reseller)
    end_partnership(partnership, actor=provider_admin.user)
    client, page_url = sign_in(provider_admin), reverse("subscriptions:detail", args=[subscription.code])

    page = client.get(page_url)
    saved = client.post(page_url, sent_by(page, nickname="Renamed"))

    subscription.refresh_from_db()
    assert boxes(page) == {
        "reseller": "Sakura (ID: 0012345) – partnership ended",
        "support_contact": "Sakura – partnership ended",
    }
    assert (saved.status_code, subscription.nickname, subscription.support_contact) == (302, "Renamed", reseller)
    assert ResellerOfRecord.objects.get().ends_at is None


@pytest.mark.usefixtures("many", "partners")
def test_typed_mpn_id_counts_more_than_the_box(sign_in, provider_admin, subscription):
    client, page_url = sign_in(provider_admin), reverse("subscriptions:detail", args=[subscription.code])

    client.post(page_url, sent_by(client.get(page_url), reseller="nobody", mpn_id="104"))

    assert ResellerOfRecord.objects.get().partner_account.number == "104"


def test_pages_stay_light_with_many_partners(sign_in, provider_admin, provider, subscription):
    for number in range(150):
        PartnershipFactory(provider=provider, reseller=ready_reseller(f"A partner of a rather usual name {number}"))
    draft, client = draft_of(provider_admin, line(OfferFactory())), sign_in(provider_admin)
    urls = [reverse("orders:new"), url("subscriptions", draft), subscription.get_absolute_url()]

    pages = [client.get(each) for each in urls]

    assert [len(page.content) < 60_000 and "A partner of" not in page.text for page in pages] == [True] * 3
    assert [len(boxes(page)) for page in pages] == [1, 2, 2]
