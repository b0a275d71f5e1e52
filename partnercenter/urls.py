"""Every address of the portal, room by room."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from partnercenter import views
from providers.views import public

urlpatterns = [
    path("", views.overview, name="overview"),
    path("account-settings/", views.account_settings, name="account_settings"),
    path("health/", views.health, name="health"),
    path("language/", views.set_language, name="set_language"),
    path("me/", include("accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("activity/", include("activity.urls")),
    path("notices/", include("outbox.urls")),
    path("staff/", include("staff.urls")),
    path("directory/", include("providers.urls")),
    path("robots.txt", public.robots, name="robots"),
    path("sitemap.xml", public.sitemap, name="sitemap"),
    path("resellers/", include("resellers.urls")),
    path("customers/", include("customers.urls")),
    path("orders/", include("subscriptions.urls.orders")),
    path("subscriptions/", include("subscriptions.urls.subscriptions")),
    path("incentives/", include("subscriptions.urls.incentives")),
    path("statements/", include("subscriptions.urls.statements")),
    path("support/", include("subscriptions.urls.support")),
    path("operator/", admin.site.urls),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", views.styleguide, name="styleguide"))

handler400 = "partnercenter.errors.bad_request"
handler403 = "partnercenter.errors.forbidden"
handler404 = "partnercenter.errors.not_found"
handler500 = "partnercenter.errors.server_error"
