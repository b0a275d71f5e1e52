"""Statements, under /statements/."""

from django.urls import path

from subscriptions.views import statements

app_name = "statements"

urlpatterns = [
    path("", statements.statement_list, name="list"),
    path("export/", statements.statement_export, name="export"),
    path("<uuid:code>/", statements.statement_detail, name="detail"),
    path("<uuid:code>/reconciliation/", statements.statement_reconciliation, name="reconciliation"),
]
