from django.urls import path

from resellers.views import enrolment, invitations, partners, providers, requests

app_name = "resellers"

urlpatterns = [
    path("", partners.partner_list, name="list"),
    path("export/", partners.partner_export, name="export"),
    path("requests/", requests.request_list, name="requests"),
    path("requests/new/", requests.request_create, name="request_create"),
    path("requests/<uuid:code>/", requests.request_edit, name="request"),
    path("requests/<uuid:code>/language/", requests.request_language, name="request_language"),
    path("requests/<uuid:code>/send/", requests.request_send, name="request_send"),
    path("requests/<uuid:code>/send-again/", requests.request_send_again, name="request_send_again"),
    path("requests/<uuid:code>/withdraw/", requests.request_withdraw, name="request_withdraw"),
    path("<uuid:pk>/remove/", partners.partnership_end, name="end"),
    path("invitation/<uuid:code>/", invitations.invitation_return, name="invitation_return"),
    path("invitation/<uuid:code>/<str:token>/", invitations.invitation_show, name="invitation"),
    path("invitation/<uuid:code>/<str:token>/authorize/", invitations.invitation_authorize, name="authorize"),
    path("invitation/<uuid:code>/<str:token>/decline/", invitations.invitation_decline, name="decline"),
    path("enrol/", enrolment.company_enrol, name="enrol"),
    path("agreement/", enrolment.agreement_sign, name="sign_agreement"),
    path("providers/", providers.provider_list, name="providers"),
]
