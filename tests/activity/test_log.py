import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from activity.log import Entry, attempt, codes_of, record, record_many
from activity.models import Activity, Sighting
from activity.verbs import Verb

DONE, REFUSED = Activity.Result.DONE, Activity.Result.REFUSED


def test_a_line_keeps_who_did_what_to_whom(provider_admin, reseller):
    organisation = provider_admin.organisation

    record(
        Verb.PARTNERSHIP_REMOVED,
        reseller,
        actor=provider_admin.user,
        seen_by=[organisation, reseller.organisation, organisation],
        affected=reseller.organisation,
        reason="x",
    )
    line = Activity.objects.get()

    assert (line.verb, line.result, line.refusal) == (Verb.PARTNERSHIP_REMOVED, DONE, "")
    assert (line.actor_name, line.affected_name, line.target) == ("global-admin@kita.example", "Sakura", "Sakura")
    assert line.details == {"reason": "x"}
    assert str(line) == "Removed a partnership · Sakura"
    assert set(line.sightings.values_list("organisation", flat=True)) == {organisation.pk, reseller.pk}


def test_names_stay_as_they_were(provider_admin, reseller):
    record(Verb.EXPORTED, reseller, actor=provider_admin.user, seen_by=[], affected=reseller.organisation)
    reseller.organisation.name = "Ume"
    reseller.organisation.save(update_fields=["name"])

    assert Activity.objects.get().affected_name == "Sakura"


def test_a_line_without_an_actor_or_company_has_empty_names(db):
    line = record(Verb.EXPORTED, "x" * 400, actor=None, seen_by=[])

    assert (line.actor_name, line.affected_name, len(line.target)) == ("", "", 300)


def test_only_who_was_there_sees_a_line(provider_admin, reseller_admin, stranger):
    line = record(Verb.EXPORTED, "list", actor=provider_admin.user, seen_by=[provider_admin.organisation])
    strange = record(Verb.EXPORTED, "list", actor=stranger.user, seen_by=[stranger.organisation])

    assert list(Activity.objects.visible_to(provider_admin)) == [line]
    assert list(Activity.objects.visible_to(stranger)) == [strange]
    assert list(Activity.objects.visible_to(reseller_admin)) == []
    assert list(Activity.objects.visible_to(None)) == []


@pytest.mark.parametrize("rows", [Activity.objects, Sighting.objects])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_lines_are_never_changed_or_removed(provider_admin, rows, change):
    record(Verb.EXPORTED, "list", actor=None, seen_by=[provider_admin.organisation])
    row = rows.get()

    with pytest.raises(ProgrammingError, match="append_only"), transaction.atomic():
        row.save() if change == "update" else rows.all()._raw_delete(rows.db)

    assert rows.count() == 1


def test_many_lines_are_written_as_one_is(provider_admin, reseller_admin, stranger, django_assert_num_queries):
    ours, theirs = provider_admin.organisation, reseller_admin.organisation
    entries = [
        Entry(Verb.SUBSCRIPTION_RENEWED, f"Plan {number}", [ours.pk, theirs.pk, ours.pk], theirs, {"new": number})
        for number in range(30)
    ]

    with django_assert_num_queries(2):
        record_many([*entries, Entry(Verb.SUBSCRIPTION_EXPIRED, "Last", [ours.pk], refusal="late")], actor=None)

    lines = list(Activity.objects.order_by("pk"))
    assert [line.target for line in lines] == [*(f"Plan {number}" for number in range(30)), "Last"]
    assert (lines[7].affected_name, lines[7].actor_name, lines[7].details) == (theirs.name, "", {"new": 7})
    assert (lines[-1].result, lines[-1].refusal, lines[-1].affected) == ("refused", "late", None)
    visible = [Activity.objects.visible_to(who).count() for who in (provider_admin, reseller_admin, stranger)]
    assert visible == [31, 30, 0]


def test_no_lines_are_written_for_nothing(db):
    assert record_many([], actor=None) == []

    assert not Activity.objects.exists()


def test_an_attempt_that_succeeds_leaves_one_line(provider_admin):
    with attempt(Verb.EXPORTED, "a", actor=provider_admin.user, seen_by=[], first=1) as line:
        line.target = "b"
        line.details["second"] = 2

    assert list(Activity.objects.values_list("result", "target", "details")) == [(DONE, "b", {"first": 1, "second": 2})]


def test_an_attempt_whose_block_has_written_adds_nothing(provider_admin):
    with attempt(Verb.EXPORTED, "a", actor=provider_admin.user, seen_by=[]) as line:
        line.is_written = True

    assert Activity.objects.count() == 0


def test_an_attempt_that_is_refused_undoes_its_block_and_leaves_why(provider_admin):
    organisation = provider_admin.organisation

    def rename():
        with attempt(Verb.EXPORTED, "a", actor=None, seen_by=[organisation], known=1) as line:
            organisation.name = "Changed"
            organisation.save(update_fields=["name"])
            line.details["found"] = 2
            raise ValidationError("No.", "not_yours")

    with pytest.raises(ValidationError):
        rename()
    organisation.refresh_from_db()

    assert organisation.name == "Kita"
    assert list(Activity.objects.values_list("result", "refusal", "details")) == [(REFUSED, "not_yours", {"known": 1})]
    assert list(Sighting.objects.values_list("organisation", flat=True)) == [organisation.pk]


def test_an_attempt_that_fails_for_another_reason_leaves_nothing(db):
    with pytest.raises(ZeroDivisionError), attempt(Verb.EXPORTED, "a", actor=None, seen_by=[]):
        raise ZeroDivisionError

    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    ("refusal", "codes"),
    [
        (ValidationError("x", "one"), "one"),
        (ValidationError("x"), "invalid"),
        (
            ValidationError([ValidationError("x", "one"), ValidationError("y", "two"), ValidationError("z", "one")]),
            "one,two",
        ),
        (ValidationError({"a": ValidationError("x", "one"), "b": [ValidationError("y", "two")]}), "one,two"),
        (ValidationError("x", "c" * 80), "c" * 60),
    ],
)
def test_codes_of_a_refusal(refusal, codes):
    assert codes_of(refusal) == codes
