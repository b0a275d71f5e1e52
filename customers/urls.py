"""Customers, under /customers/."""

from django.urls import path

from customers.views import access, invitations, relationships, requests
from customers.views import customers as views

app_name = "customers"

urlpatterns = [
    path("", views.customer_list, name="list"),
    path("export/", views.customer_export, name="export"),
    path("partners/", access.partner_list, name="partners"),
    path("partners/<uuid:partner>/give/", access.administration_give, name="administration_give"),
    path("partners/<uuid:partner>/withdraw/", access.administration_withdraw, name="administration_withdraw"),
    path("requests/", requests.request_list, name="requests"),
    path("requests/new/", requests.request_create, name="request_create"),
    path("requests/<uuid:code>/", requests.request_edit, name="request"),
    path("requests/<uuid:code>/language/", requests.request_language, name="request_language"),
    path("requests/<uuid:code>/send/", requests.request_send, name="request_send"),
    path("requests/<uuid:code>/send-again/", requests.request_send_again, name="request_send_again"),
    path("requests/<uuid:code>/withdraw/", requests.request_withdraw, name="request_withdraw"),
    path("invitation/<uuid:code>/", invitations.invitation_return, name="invitation_return"),
    path("invitation/<uuid:code>/<str:token>/", invitations.invitation_show, name="invitation"),
    path("invitation/<uuid:code>/<str:token>/accept/", invitations.invitation_authorize, name="authorize"),
    path("invitation/<uuid:code>/<str:token>/decline/", invitations.invitation_decline, name="decline"),
    path("<uuid:pk>/", views.customer_account, name="account"),
    path("<uuid:pk>/row/", views.customer_row, name="row"),
    path("<uuid:pk>/edit/", views.customer_edit, name="edit"),
    path("<uuid:pk>/reset-password/", views.customer_reset_password, name="reset_password"),
    path("<uuid:pk>/remove/", relationships.relationship_end, name="end"),
    path("<uuid:pk>/user-settings/", access.user_settings, name="user_settings"),
    path("<uuid:pk>/user-settings/grant/", access.owner_grant, name="owner_grant"),
    path("<uuid:pk>/user-settings/<uuid:partner>/withdraw/", access.owner_withdraw, name="owner_withdraw"),
]
