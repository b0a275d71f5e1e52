"""Incentives, under /incentives/."""

from django.urls import path

from subscriptions.views import incentives

app_name = "incentives"

urlpatterns = [
    path("", incentives.incentive_list, name="list"),
    path("export/", incentives.incentive_export, name="export"),
    path("without-reseller/", incentives.uncredited_list, name="uncredited"),
    path("without-reseller/export/", incentives.uncredited_export, name="uncredited_export"),
    path("<uuid:pk>/", incentives.incentive_detail, name="detail"),
    path("<uuid:pk>/export/", incentives.incentive_detail_export, name="detail_export"),
]
