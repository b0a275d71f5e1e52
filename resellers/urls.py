from django.urls import path

from resellers.views import accounts, contacts, enrolment, invitations, leaving, partners, providers, requests, support

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
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/export/", contacts.contact_export, name="contact_export"),
    path("contacts/<uuid:code>/request/", contacts.contact_request, name="contact_request"),
    path("contacts/<uuid:code>/close/", contacts.contact_close, name="contact_close"),
    path("<uuid:pk>/remove/", partners.partnership_end, name="end"),
    path("<uuid:pk>/keep/", leaving.leave_refuse, name="keep"),
    path("invitation/<uuid:code>/", invitations.invitation_return, name="invitation_return"),
    path("invitation/<uuid:code>/<str:token>/", invitations.invitation_show, name="invitation"),
    path("invitation/<uuid:code>/<str:token>/authorize/", invitations.invitation_authorize, name="authorize"),
    path("invitation/<uuid:code>/<str:token>/decline/", invitations.invitation_decline, name="decline"),
    path("enrol/", enrolment.company_enrol, name="enrol"),
    path("support-profile/", support.support_profile, name="support_profile"),
    path("agreement/", enrolment.agreement_sign, name="sign_agreement"),
    path("enrolment/", enrolment.enrolment_status, name="enrolment_status"),
    path("profile/", enrolment.profile_edit, name="profile"),
    path("accounts/", accounts.account_list, name="accounts"),
    path("accounts/register/", accounts.account_register, name="account_register"),
    path("accounts/<int:pk>/associate/", accounts.account_associate, name="account_associate"),
    path("providers/", providers.provider_list, name="providers"),
    path("providers/<uuid:pk>/contact/", contacts.contact_ask, name="contact_ask"),
    path("providers/<uuid:pk>/leave/", leaving.leave_ask, name="leave"),
    path("providers/<uuid:pk>/stay/", leaving.leave_take_back, name="stay"),
]
