"""A subscription's page as it is submitted: for the tests of changes."""

import pytest
from django.core.exceptions import ValidationError

from activity.log import codes_of
from activity.models import Activity
from subscriptions.changes import Changes, submit_changes


def as_it_is(subscription, **changes):
    """The page submitted with nothing changed but this."""
    period = subscription.resellers_of_record.filter(ends_at=None).first()
    unchanged = {
        "nickname": subscription.nickname,
        "licences": subscription.licences,
        "auto_renew": subscription.auto_renew,
        "mpn_id": period.partner_account.number if period else "",
        "support_contact": subscription.support_contact,
    }
    return Changes(**unchanged | changes)


def submit(subscription, membership, *, agreed=None, **changes):
    """The page, read at this moment and submitted."""
    subscription.refresh_from_db()
    return submit_changes(
        subscription,
        as_it_is(subscription, **changes),
        revision=subscription.revision,
        membership=membership,
        agreed=agreed,
    )


def refused(subscription, membership, **changes):
    """The refusals by field; "" for one of the whole page."""
    return refusals(lambda: submit(subscription, membership, **changes))


def refusals(act):
    """The codes of the act's refusal, by field; "" for one of the whole."""
    with pytest.raises(ValidationError) as refusal:
        act()
    if hasattr(refusal.value, "error_dict"):
        return {field: [error.code for error in errors] for field, errors in refusal.value.error_dict.items()}
    return {"": [error.code for error in refusal.value.error_list]}


def refusal_of(act):
    """The codes of the act's refusal."""
    with pytest.raises(ValidationError) as refusal:
        act()
    return codes_of(refusal.value)


def log():
    """What the activity log says: verb, result and reason."""
    return list(Activity.objects.order_by("pk").values_list("verb", "result", "refusal"))
