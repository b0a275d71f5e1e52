from django.urls import path

from outbox import notice_views

app_name = "notices"

urlpatterns = [
    path("", notice_views.notice_list, name="list"),
    path("read/", notice_views.notices_read, name="read_all"),
    path("mail/", notice_views.mail_choose, name="mail"),
    path("<uuid:code>/read/", notice_views.notice_read, name="read"),
]
