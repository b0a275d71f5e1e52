"""The operator's desk at /operator/: every room's rows in Django admin (design.md §1)."""

import allauth.account.admin  # noqa: F401 - registers what is taken away again below
import django.contrib.auth.admin  # noqa: F401 - the same
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from partnercenter.admin import (
    companies,
    customers,
    directory,
    mail,
    memory,
    names,
    notices,
    partnerships,
    people,
    price_list,
    sales,
    support,
)

__all__ = [
    "companies",
    "customers",
    "directory",
    "mail",
    "memory",
    "notices",
    "partnerships",
    "people",
    "price_list",
    "sales",
    "support",
]

# Signing in happens at the portal's own page, with its limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's documented way
admin.site.site_header = _("Partner Center: operator")
admin.site.site_title = _("Partner Center")
admin.site.index_title = _("Companies, people and sales")
# Roles are memberships here, and addresses are shown with their user: neither is kept in a second place.
admin.site.unregister(Group)
admin.site.unregister(EmailAddress)
names.name_fields()
