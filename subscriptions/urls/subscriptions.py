"""Subscriptions and the price list, under /subscriptions/. Orders have their own addresses: orders.py."""

from django.urls import include, path

from subscriptions.urls import bulk, lives
from subscriptions.views import assignments, credited, markups, price_list, renewals, subscriptions, users

app_name = "subscriptions"

urlpatterns = [
    path("", subscriptions.subscription_list, name="list"),
    path("export/", subscriptions.subscription_export, name="export"),
    path("credited/", credited.credited_list, name="credited"),
    path("credited/export/", credited.credited_export, name="credited_export"),
    path("supported/", credited.supported_list, name="supported"),
    path("supported/export/", credited.supported_export, name="supported_export"),
    path("price-list/", price_list.price_list, name="price_list"),
    path("price-list/export/", price_list.price_list_export, name="price_list_export"),
    path("price-list/own/", price_list.own_prices, name="own_prices"),
    path("price-list/own/export/", price_list.own_prices_export, name="own_prices_export"),
    path("price-list/markups/", markups.markup_list, name="markups"),
    path("price-list/markups/export/", markups.markups_export, name="markups_export"),
    path("price-list/markups/add/", markups.markup_add, name="markup_add"),
    path("price-list/markups/<int:pk>/", markups.markup_edit, name="markup_edit"),
    path("price-list/markups/<int:pk>/remove/", markups.markup_remove, name="markup_remove"),
    path("renewals/", renewals.renewal_list, name="renewals"),
    path("renewals/export/", renewals.renewal_export, name="renewals_export"),
    path("bulk/", include(bulk.urlpatterns)),
    path("verify/", subscriptions.mpn_id_verify, name="verify"),
    path("customer/<uuid:pk>/", subscriptions.customer_subscriptions, name="customer"),
    path("customer/<uuid:pk>/users/", users.user_list, name="users"),
    path("customer/<uuid:pk>/users/export/", users.user_export, name="users_export"),
    path("customer/<uuid:pk>/users/add/", users.user_add, name="user_add"),
    path("users/<int:pk>/", users.user_licences, name="user_licences"),
    path("users/<int:pk>/assign/", users.user_assign, name="user_assign"),
    path("", include(lives.urlpatterns)),
    path("<uuid:code>/licenses/", assignments.licence_list, name="licences"),
    path("<uuid:code>/licenses/export/", assignments.licence_export, name="licences_export"),
    path("<uuid:code>/licenses/assign/", assignments.licence_assign, name="licences_assign"),
    path("<uuid:code>/licenses/<int:pk>/withdraw/", assignments.licence_withdraw, name="licence_withdraw"),
]
