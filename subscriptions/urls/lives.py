"""One subscription, under /subscriptions/<its ID>/: its page, the moves of its life, and its history."""

from django.urls import path

from subscriptions.views import detail, histories, lives, plans, upgrades

urlpatterns = [
    path("<uuid:code>/", detail.subscription_detail, name="detail"),
    path("<uuid:code>/suspend/", lives.subscription_suspend, name="suspend"),
    path("<uuid:code>/reactivate/", lives.subscription_reactivate, name="reactivate"),
    path("<uuid:code>/cancel/", lives.subscription_cancel, name="cancel"),
    path("<uuid:code>/renewal/", plans.renewal_plan, name="plan"),
    path("<uuid:code>/renewal/withdraw/", plans.renewal_plan_withdraw, name="plan_withdraw"),
    path("<uuid:code>/upgrade/", upgrades.subscription_upgrade, name="upgrade"),
    path("<uuid:code>/convert/", upgrades.trial_convert, name="convert"),
    path("<uuid:code>/history/", histories.subscription_history, name="history"),
    path("<uuid:code>/history/export/", histories.subscription_history_export, name="history_export"),
]
