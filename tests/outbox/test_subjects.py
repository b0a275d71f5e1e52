"""Everything that can be told is told somewhere, with the names that its sentences have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.roles import Kind
from outbox.sentences import SENTENCES
from outbox.subjects import Subject, subjects_for

ROOT = Path(__file__).parents[2]
ROOMS = ("outbox", "staff", "providers", "resellers", "customers", "subscriptions", "partnercenter")
ABOUT = {"holding", "path", "occasion", "actor"}
# One call tells of two subjects, of which the other one's sentence has use for this.
MORE = {Subject.LINK_ACCEPTED: {"sender"}, Subject.LINK_EXPIRED: {"day"}}


def modules() -> Iterator[ast.Module]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name not in ("subjects.py", "sentences.py"):
                yield ast.parse(path.read_text())


def subjects_in(node: ast.AST) -> set[Subject]:
    return {
        Subject[each.attr]
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "Subject"
    }


def calls_of(module: ast.Module, names: set[str]) -> list[ast.Call]:
    calls = (each for each in ast.walk(module) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name))
    return [each for each in calls if each.func.id in names and each.args]


def names_in(call: ast.Call, module: ast.Module) -> set[str]:
    """The names that a call passes: its keywords, and the keys of what it unpacks."""
    if call.func.id == "notify_many":
        news = [keyword for each in calls_of(module, {"News"}) for keyword in each.keywords if keyword.arg == "names"]
        return {key.value for keyword in news for key in keyword.value.keys}
    passed = {keyword.arg for keyword in call.keywords if keyword.arg} - ABOUT
    unpacked = {keyword.value.id for keyword in call.keywords if keyword.arg is None}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            targets = {target.id for target in node.targets if isinstance(target, ast.Name)}
            passed |= {key.value for key in node.value.keys} if targets & unpacked else set()
    return passed


def told() -> Iterator[tuple[Subject, set[str]]]:
    """Each subject with the names that one call tells it with."""
    for module in modules():
        wrappers: dict[str, set[str]] = {}
        for function in ast.walk(module):
            if not isinstance(function, ast.FunctionDef) or function.name in ("notify", "tell"):
                continue
            for call in calls_of(function, {"notify", "notify_many", "tell"}):
                if subjects_in(call.args[0]):
                    yield from ((subject, names_in(call, module)) for subject in subjects_in(call.args[0]))
                else:  # it is told which subject: by those who call it, or by a table of the module
                    wrappers[function.name] = names_in(call, module)
        for call in calls_of(module, set(wrappers)):
            subjects = subjects_in(call.args[0]) or subjects_in(module)
            names = wrappers[call.func.id] | names_in(call, module)
            yield from ((subject, names) for subject in subjects)


TOLD = list(told())


@pytest.mark.parametrize("subject", Subject)
def test_every_subject_is_told_by_somebody(subject):
    assert [names for each, names in TOLD if each == subject]


@pytest.mark.parametrize("subject", Subject)
def test_every_call_has_exactly_the_names_of_the_sentences(subject):
    wanted = set(re.findall(r"%\((\w+)\)s", "".join(map(str, SENTENCES[subject]))))

    passed = [names - MORE.get(subject, set()) for each, names in TOLD if each == subject]

    assert passed == [wanted] * len(passed)


def test_every_subject_concerns_somebody_and_links_concern_everybody():
    links = [each for each in Subject if each.value.startswith("link_")]

    assert {subject for kind in Kind for subject in subjects_for(kind)} == set(Subject)
    assert subjects_for(Kind.CUSTOMER) == [
        *links,
        Subject.RELATIONSHIP_ENDED,
        Subject.ROLES_CHANGED,
        Subject.SUPPORT_ANSWERED,
    ]
    assert set(Subject) - set(subjects_for(Kind.PROVIDER)) == {Subject.LEAVE_REFUSED, Subject.ENROLMENT_DECIDED}
    assert set(Subject) - set(subjects_for(Kind.RESELLER)) == {
        *(Subject.LEAVE_REQUESTED, Subject.CONTACT_REQUESTED, Subject.PROFILE_DECIDED, Subject.BULK_FINISHED),
    }
