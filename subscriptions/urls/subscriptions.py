"""Subscriptions and the price list, under /subscriptions/. Orders have their own addresses: orders.py."""

from django.urls import path

from subscriptions.views import price_list, subscriptions

app_name = "subscriptions"

urlpatterns = [
    path("", subscriptions.subscription_list, name="list"),
    path("export/", subscriptions.subscription_export, name="export"),
    path("price-list/", price_list.price_list, name="price_list"),
    path("price-list/export/", price_list.price_list_export, name="price_list_export"),
    path("verify/", subscriptions.mpn_id_verify, name="verify"),
    path("customer/<uuid:pk>/", subscriptions.customer_subscriptions, name="customer"),
    path("<uuid:code>/", subscriptions.subscription_detail, name="detail"),
    path("<uuid:code>/suspend/", subscriptions.subscription_suspend, name="suspend"),
    path("<uuid:code>/reactivate/", subscriptions.subscription_reactivate, name="reactivate"),
]
