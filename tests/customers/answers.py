"""What somebody types on the page New customer, and the form that takes it."""

from django.http import QueryDict

from customers.forms.registration import CustomerForm

JAPAN = {
    "company_name": "株式会社さくら",
    "domain_prefix": "sakura",
    "address_line1": "丸の内1-2-3",
    "city": "千代田区",
    "state": "東京都",
    "postal_code": "100-0005",
    "qualification": "none",
    "first_name": "花子",
    "last_name": "山田",
    "email": "hanako@sakura.example",
    "language": "ja",
    "agreement": "to_be_asked",
}
GERMANY = JAPAN | {
    "country": "DE",
    "company_name": "Rhein Handel GmbH",
    "address_line1": "Hauptstraße 5",
    "city": "Köln",
    "state": "",
    "postal_code": "50667",
}
ATTESTED = {
    "agreement": "attested",
    "agreement_first_name": "花子",
    "agreement_last_name": "山田",
    "agreement_email": "hanako@sakura.example",
    "agreement_date": "2026-03-01",
}


def posted(answers):
    query = QueryDict(mutable=True)
    query.update(answers)
    return query


def form_for(membership, *typed, **kwargs):
    answers = {}
    for part in typed:
        answers |= part
    return CustomerForm(posted(answers), membership=membership, **kwargs)
