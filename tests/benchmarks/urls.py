"""The portal, and beside it what a plain Django view costs: one query for a page of customers, one bare table."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import include, path

from accounts.access import signed_in
from accounts.paging import PAGE_SIZE
from customers.models import Relationship


@signed_in
@login_required
def plain(request):
    # A provider's, whoever asks: the customers of others would be fewer rows, and so another measure.
    provider = Relationship.objects.filter(ended_at=None).values("provider")[:1]
    relationships = Relationship.objects.filter(provider=provider, ended_at=None)
    rows = relationships.select_related("reseller__organisation").order_by("sort_name", "id")[:PAGE_SIZE]
    return render(request, "plain.html", {"rows": rows})


urlpatterns = [path("plain/", plain), path("", include("partnercenter.urls"))]
handler404 = "partnercenter.errors.not_found"
