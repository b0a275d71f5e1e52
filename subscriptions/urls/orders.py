"""Orders, under /orders/."""

from django.urls import path

from subscriptions.views import fragments, orders, steps

app_name = "orders"

urlpatterns = [
    path("", orders.order_list, name="list"),
    path("export/", orders.order_export, name="export"),
    path("new/", steps.order_new, name="new"),
    path("add/<uuid:customer>/", steps.order_add, name="add"),
    path("check-domain/", fragments.domain_check, name="check_domain"),
    path("address-fields/", fragments.address_fields, name="address_fields"),
    path("verify/", fragments.mpn_id_verify, name="verify"),
    path("partners/", fragments.partner_suggestions, name="partners"),
    path("drafts/", orders.draft_list, name="drafts"),
    path("drafts/<uuid:code>/", steps.draft_resume, name="draft"),
    path("drafts/<uuid:code>/account/", steps.draft_account, name="account"),
    path("drafts/<uuid:code>/subscriptions/", steps.draft_subscriptions, name="subscriptions"),
    path("drafts/<uuid:code>/review/", steps.draft_review, name="review"),
    path("drafts/<uuid:code>/submit/", steps.draft_submit, name="submit"),
    path("drafts/<uuid:code>/cancel/", steps.draft_cancel, name="cancel"),
    path("drafts/<uuid:code>/confirmation/", steps.draft_confirmation, name="confirmation"),
    path("<uuid:code>/", orders.order_detail, name="detail"),
]
