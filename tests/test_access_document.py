"""docs/access.md says what accounts/roles.py does, and what tests/test_access.py tries."""

from pathlib import Path

import pytest

from accounts.roles import Kind, Permission, Role, roles_with
from tests.test_access import TABLE

DOCUMENT = (Path(__file__).parent.parent / "docs/access.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", Kind)
def test_the_table_of_roles_is_the_one_in_code(kind: Kind):
    assert table_of(kind) in DOCUMENT


def test_the_table_of_addresses_is_the_one_that_is_tried():
    assert TABLE.strip() in DOCUMENT


def table_of(kind: Kind) -> str:
    lines = ["| may … | " + " | ".join(str(role.label) for role in Role) + " |", "|---|" + ":-:|" * len(Role)]
    for permission in Permission:
        holders = roles_with(permission, kind)
        if holders:
            marks = " | ".join("✔" if role in holders else "–" for role in Role)
            lines.append(f"| {permission.label} | {marks} |")
    return "\n".join(lines)
