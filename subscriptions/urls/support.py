"""Support requests, under /support/."""

from django.urls import path

from subscriptions.views import support

app_name = "support"

urlpatterns = [
    path("", support.support_list, name="list"),
    path("export/", support.support_export, name="export"),
    path("new/", support.support_new, name="new"),
    path("<uuid:code>/", support.support_detail, name="detail"),
    path("<uuid:code>/write/", support.support_write, name="write"),
    path("<uuid:code>/close/", support.support_close, name="close"),
    path("<uuid:code>/reopen/", support.support_reopen, name="reopen"),
]
