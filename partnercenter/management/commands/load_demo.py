"""Demo data: two providers, their resellers and customers, a year of orders."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Organisation, User
from partnercenter.demo.people import OPERATOR, PASSWORD

_WHO = (
    ("global-admin@kita.example", "indirect provider in Japan, Global admin"),
    ("admin-agent@kita.example", "    Admin agent (in Japanese)"),
    ("sales-agent@kita.example", "    Sales agent (in Japanese)"),
    ("helpdesk@kita.example", "    Helpdesk agent"),
    ("global-admin@rhein.example", "another indirect provider, in Germany"),
    ("global-admin@sakura.example", "indirect reseller, partner of Kita (in Japanese)"),
    ("global-admin@momiji.example", "indirect reseller without a provider (in Japanese)"),
    ("admin@aobashoji.onmicrosoft.com", "customer of Kita and Sakura, Global admin (in Japanese)"),
    ("user@aobashoji.onmicrosoft.com", "user of a customer, with licenses and without a role (in Japanese)"),
    (OPERATOR, "operator, signs in to /operator/"),
)


class Command(BaseCommand):
    help = "Fills the portal with demo data, once, and says who can sign in. Only while developing (DEBUG)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are companies already")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo data is for development: everybody knows its password. Set DEBUG=1.")
        is_demo = User.objects.filter(email=OPERATOR).exists()
        if not is_demo and not (options["if_empty"] and Organisation.objects.exists()):
            from partnercenter.demo import story  # noqa: PLC0415 - sets the clock back with what only developers have

            with transaction.atomic():
                story.tell()
            is_demo = True
        if is_demo:
            self._say_who_can_sign_in()

    def _say_who_can_sign_in(self) -> None:
        width = max(len(address) for address, _who in _WHO)
        lines = [f"  {address:<{width}}   {who}" for address, who in _WHO]
        self.stdout.write("\n".join([f"Sign in with the password {PASSWORD} as", *lines]))
