"""Changes of many subscriptions, under /subscriptions/bulk/."""

from django.urls import path

from subscriptions.views import bulk

urlpatterns = [
    path("", bulk.bulk_list, name="bulk_list"),
    path("new/", bulk.bulk_new, name="bulk_new"),
    path("upload/", bulk.bulk_upload, name="bulk_upload"),
    path("<uuid:code>/", bulk.bulk_detail, name="bulk_detail"),
    path("<uuid:code>/start/", bulk.bulk_start, name="bulk_start"),
    path("<uuid:code>/cancel/", bulk.bulk_cancel, name="bulk_cancel"),
    path("<uuid:code>/result/", bulk.bulk_export, name="bulk_export"),
]
