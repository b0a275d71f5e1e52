"""Orders, under /orders/."""

from django.urls import path

from subscriptions import order_fragment_views as fragments
from subscriptions import order_step_views as steps
from subscriptions import order_views as views

app_name = "orders"

urlpatterns = [
    path("", views.order_list, name="list"),
    path("export/", views.order_export, name="export"),
    path("new/", steps.new, name="new"),
    path("add/<uuid:customer>/", steps.add, name="add"),
    path("check-domain/", fragments.check_domain, name="check_domain"),
    path("address-fields/", fragments.address_fields, name="address_fields"),
    path("verify/", fragments.verify, name="verify"),
    path("drafts/", views.drafts, name="drafts"),
    path("drafts/<uuid:code>/", steps.resume, name="draft"),
    path("drafts/<uuid:code>/account/", steps.account, name="account"),
    path("drafts/<uuid:code>/subscriptions/", steps.subscriptions, name="subscriptions"),
    path("drafts/<uuid:code>/review/", steps.review, name="review"),
    path("drafts/<uuid:code>/submit/", steps.submit, name="submit"),
    path("drafts/<uuid:code>/cancel/", steps.cancel, name="cancel"),
    path("drafts/<uuid:code>/confirmation/", steps.confirmation, name="confirmation"),
    path("<uuid:code>/", views.order_detail, name="detail"),
]
