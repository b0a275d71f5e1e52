"""User management, under /staff/."""

from django.urls import path

from staff.views import invitations, joining, people

app_name = "staff"

urlpatterns = [
    path("", people.person_list, name="list"),
    path("export/", people.person_export, name="export"),
    path("add/", people.person_add, name="add"),
    path("<int:pk>/", people.person_show, name="person"),
    path("<int:pk>/roles/", people.person_roles, name="roles"),
    path("<int:pk>/suspend/", people.person_suspend, name="suspend"),
    path("<int:pk>/reactivate/", people.person_reactivate, name="reactivate"),
    path("<int:pk>/remove/", people.person_remove, name="remove"),
    path("<int:pk>/reset-password/", people.person_reset_password, name="reset_password"),
    path("invitations/", invitations.invitation_list, name="invitations"),
    path("invitations/new/", invitations.invitation_create, name="invite"),
    path("invitations/<uuid:code>/", invitations.invitation_edit, name="invitation"),
    path("invitations/<uuid:code>/language/", invitations.invitation_language, name="invitation_language"),
    path("invitations/<uuid:code>/send/", invitations.invitation_send, name="invitation_send"),
    path("invitations/<uuid:code>/send-again/", invitations.invitation_send_again, name="invitation_send_again"),
    path("invitations/<uuid:code>/withdraw/", invitations.invitation_withdraw, name="invitation_withdraw"),
    path("join/<uuid:code>/", joining.join_return, name="join_return"),
    path("join/<uuid:code>/<str:token>/", joining.join_show, name="join"),
    path("join/<uuid:code>/<str:token>/accept/", joining.join_accept, name="accept"),
    path("join/<uuid:code>/<str:token>/decline/", joining.join_decline, name="decline"),
]
