"""The memory: who did what to whom, what was refused, and which organisations may read it."""

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Concat, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from activity.details import facts
from activity.verbs import Verb

APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete
# What the search looks through; the same expression in the index.
SEARCHED = Concat("affected_name", models.Value(" "), "actor_name", models.Value(" "), "target")


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, membership: Membership | None) -> "ActivityQuerySet":
        """What one's organisation was there for, when it happened."""
        if membership is None:
            return self.none()
        return self.filter(sightings__organisation=membership.organisation_id)


class Activity(models.Model):
    """One thing done or refused. Names are kept as they were; a row is never changed or removed."""

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    id = models.BigAutoField(primary_key=True)
    code = models.UUIDField(_("Reference"), default=uuid.uuid4, editable=False, unique=True)
    happened_at = models.DateTimeField(_("Date-time"), default=timezone.now, editable=False)
    verb = models.CharField(_("Action"), max_length=40, choices=Verb)
    result = models.CharField(_("Result"), max_length=8, choices=Result, default=Result.DONE)
    refusal = models.CharField(_("Reason code"), max_length=60, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("Partner user")
    )
    actor_name = models.CharField(_("Partner user"), max_length=254, blank=True)
    affected = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("Affected company")
    )
    affected_name = models.CharField(_("Affected company"), max_length=200, blank=True)
    target = models.CharField(_("Concerns"), max_length=300, blank=True)
    details = models.JSONField(_("Details"), default=dict, encoder=DjangoJSONEncoder)

    objects: ClassVar[ActivityQuerySet] = ActivityQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["happened_at"], name="activity_by_time"),
            models.Index(fields=["verb", "id"], name="activity_by_verb"),
            GinIndex(OpClass(Upper(SEARCHED), name="gin_trgm_ops"), name="activity_search"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} · {self.target}"

    def get_verb_display(self) -> str:  # type: ignore[no-redef]  # django-stubs reads Django's own into the class
        """As Django's own, which translates every choice to find one: in a list that costs more than its query."""
        return str(Verb(self.verb).label) if self.verb in Verb else self.verb

    @property
    def was_refused(self) -> bool:
        return self.result == self.Result.REFUSED

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details as people read them."""
        return list(facts(self.details))


class Sighting(models.Model):
    """That an organisation may read an activity: fixed when it happened, so that nobody inherits earlier history."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="sightings")

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [models.UniqueConstraint(fields=["organisation", "activity"], name="activity_sighting_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.organisation_id} · {self.activity_id}"


Details = dict[str, Any]
