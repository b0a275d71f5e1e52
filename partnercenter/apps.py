import logging

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from partnercenter.logs import DiscreetRecord


class PartnerCenterConfig(AppConfig):
    name = "partnercenter"
    verbose_name = _("Partner Center")

    def ready(self) -> None:
        logging.setLogRecordFactory(DiscreetRecord)
