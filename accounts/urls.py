from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("switch/", views.switch, name="switch"),
    path("new-password/", views.new_password, name="new_password"),
    path("profile/", views.profile, name="profile"),
]
