"""The bell in the top bar: how many notices wait to be read."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef

from accounts.middleware import MembershipMiddleware
from accounts.models import MembershipQuerySet
from outbox.models import Notice

MOST = 10
"""From here on the bell says "9+": nobody counts further, and the database does not either."""


class BellMiddleware(MembershipMiddleware):
    """Reads how many notices wait, membership.unread_notices, with the memberships: no page asks for it again."""

    def rows(self) -> MembershipQuerySet:
        waiting = Notice.objects.filter(membership=OuterRef("pk")).unread().values("pk")[:MOST]
        unread = Func(ArraySubquery(waiting), function="CARDINALITY", output_field=IntegerField())
        return super().rows().annotate(unread_notices=unread)
