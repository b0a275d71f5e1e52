import re
from pathlib import Path

from activity.details import LABELS, facts

ROOT = Path(__file__).parents[2]
CALL = re.compile(r"\b(?:record|attempt|note)\(\s*(?:Verb\.\w+|verb),(.*?)\)(?: as line)?:?\n", re.DOTALL)


def test_facts_leave_out_what_says_nothing():
    details = {"old": "", "new": None, "lines": [], "reason": {}, "order": "A-1", "version": 0}

    assert list(facts(details)) == [("Order number", "A-1"), ("Version", "0")]


def test_facts_say_what_a_value_means():
    details = {"term": "P1Y", "billing": "monthly", "reason": "ended_expired", "charges": ["a", "b"], "licences": 12}

    assert list(facts(details)) == [
        ("Term", "1 year"),
        ("Billing frequency", "Monthly"),
        ("Reason", "Auto-renew was off."),
        ("Charges", "a; b"),
        ("Licenses", "12"),
    ]


def test_facts_say_yes_and_no():
    assert list(facts({"old": False, "new": True})) == [("Before", "No"), ("After", "Yes")]


def test_a_detail_without_a_label_keeps_its_name():
    assert list(facts({"colour": "blue"})) == [("colour", "blue")]


def test_every_detail_that_the_code_records_has_a_label():
    """The keyword arguments of record(), attempt() and note(), and what is added to line.details."""
    known = {"actor", "seen_by", "affected", "refusal", "verb", "target", "also", "costs"}
    written = set()
    for path in ROOT.glob("*/**/*.py"):
        if path.relative_to(ROOT).parts[0] in ("tests", ".venv"):
            continue
        source = path.read_text()
        written.update(re.findall(r"line\.details\[\"(\w+)\"\]", source))
        for call in CALL.findall(source):
            written.update(re.findall(r"(?:^|[\s(,])(\w+)=(?!=)", call))

    assert written - known - set(LABELS) == set()
