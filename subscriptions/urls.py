"""Subscriptions and the price list, under /subscriptions/. Orders have their own addresses: order_urls.py."""

from django.urls import path

from subscriptions import detail_views, price_list_views, subscription_views

app_name = "subscriptions"

urlpatterns = [
    path("", subscription_views.subscription_list, name="list"),
    path("export/", subscription_views.subscription_export, name="export"),
    path("price-list/", price_list_views.price_list, name="price_list"),
    path("price-list/export/", price_list_views.price_list_export, name="price_list_export"),
    path("verify/", detail_views.mpn_id_verify, name="verify"),
    path("customer/<uuid:pk>/", subscription_views.customer_subscriptions, name="customer"),
    path("<uuid:code>/", detail_views.subscription_detail, name="detail"),
    path("<uuid:code>/suspend/", detail_views.subscription_suspend, name="suspend"),
    path("<uuid:code>/reactivate/", detail_views.subscription_reactivate, name="reactivate"),
]
