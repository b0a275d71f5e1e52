"""Customers, under /customers/."""

from django.urls import path

from customers import views

app_name = "customers"

urlpatterns = [
    path("", views.customer_list, name="list"),
    path("export/", views.customer_export, name="export"),
    path("<uuid:pk>/", views.customer_account, name="account"),
    path("<uuid:pk>/row/", views.customer_row, name="row"),
    path("<uuid:pk>/edit/", views.customer_edit, name="edit"),
    path("<uuid:pk>/reset-password/", views.customer_reset_password, name="reset_password"),
]
