"""The public indirect providers list, under /directory/, and a provider's own entry in it."""

from django.urls import path

from providers.views import own, public

app_name = "directory"

urlpatterns = [
    path("", public.provider_list, name="list"),
    path("<uuid:pk>/", public.provider_entry, name="entry"),
    path("own/", own.entry_show, name="own"),
    path("own/propose/", own.entry_propose, name="propose"),
    path("own/propose/preview/", own.entry_preview, name="preview"),
    path("own/withdraw/<uuid:code>/", own.proposal_withdraw, name="withdraw"),
]
