"""What we believe about the code, checked by reading it."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.models import signals

ROOT = Path(__file__).parent.parent
ROOMS = (
    "accounts",
    "activity",
    "outbox",
    "staff",
    "providers",
    "resellers",
    "customers",
    "subscriptions",
    "partnercenter",
)
SOURCES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.parts and path.name != "__init__.py"
]
VIEW_MODULES = [path for path in SOURCES if "view" in path.name or "views" in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OUR_MODELS = [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


def length(node: ast.FunctionDef) -> int:
    return node.end_lineno - node.lineno + 1


def test_rooms_import_only_leftwards():
    wrong = []
    for path in SOURCES:
        room = ROOMS.index(path.relative_to(ROOT).parts[0])
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            to_the_right = [name for name in names if name.split(".")[0] in ROOMS[room + 1 :]]
            wrong += [f"{path.relative_to(ROOT)} imports {name}" for name in to_the_right]

    assert wrong == []


def test_files_and_functions_stay_small():
    too_long = [f"{path.relative_to(ROOT)}" for path in SOURCES if len(path.read_text().splitlines()) > 300]
    lengths = {f"{path.name}:{node.name}": length(node) for path in SOURCES for node in functions(path)}
    too_long += [name for name, lines in lengths.items() if lines > 40]

    assert too_long == []
    assert statistics.median(lengths.values()) <= 8
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 20


def test_views_fit_on_a_screen():
    views = {f"{path.name}:{node.name}": node for path in VIEW_MODULES for node in functions(path)}

    assert [name for name, node in views.items() if length(node) > 20] == []


def test_views_reach_rows_only_through_visible_to():
    """`Thing.objects` in a view must be followed by visible_to(); get_object_or_404 never gets a bare model."""
    bare = []
    for path in VIEW_MODULES:
        source = path.read_text()
        bare += [f"{path.name}: {hit}" for hit in re.findall(r"\b[A-Z]\w+\.objects\b(?!\s*\.visible_to\()\S*", source)]
        bare += [f"{path.name}: {hit}" for hit in re.findall(r"get_object_or_404\(\s*[A-Z]\w+\s*,", source)]

    assert bare == []


def test_no_module_is_a_junk_drawer():
    drawers = {"utils", "helpers", "common", "misc", "services", "base"}

    assert [path for path in SOURCES if path.stem in drawers] == []


def test_every_visible_to_ends_closed():
    """Unknown viewers see nothing: each visible_to() starts by returning none() for nobody."""
    definitions = [ast.unparse(node) for path in SOURCES for node in functions(path) if node.name == "visible_to"]

    assert len(definitions) >= 10
    assert [text for text in definitions if "self.none()" not in text] == []


def test_tenant_rows_have_a_scope():
    """Every model can say who may see its rows, or belongs to one that can."""
    parts_of_others = {
        "OrderLine",
        "LicenceChange",
        "CustomerAgreement",
        "PartnerAgreement",
        "Sighting",
        "SupportMessage",
    }
    operators = {"User", "PriceListImport", "PriceListLine", "PriceListProblem"}
    renewals = {"PastMarkup"}  # read by them, and on no page
    scoped = {model.__name__ for model in OUR_MODELS if hasattr(model._default_manager.all(), "visible_to")}

    assert {model.__name__ for model in OUR_MODELS} - scoped == parts_of_others | operators | renewals


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_constraints_say_whose_they_are(model: type[models.Model]):
    names = [constraint.name for constraint in model._meta.constraints] + [index.name for index in model._meta.indexes]

    assert [name for name in names if not name.startswith((model._meta.app_label, "activity", "outbox"))] == []


def test_nothing_hangs_on_signals():
    ours = [
        receiver
        for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete)
        for (_key, receiver, *_rest) in signal.receivers
        if str(getattr(receiver(), "__module__", "")).split(".")[0] in ROOMS
    ]

    assert ours == []


def test_migrations_have_names():
    migrations = [path for room in ROOMS for path in (ROOT / room).glob("migrations/0*.py")]

    assert migrations
    assert [path for path in migrations if re.search(r"_(auto_|alter_|initial$)", path.stem)] == []


def test_templates_have_no_inline_style_or_script():
    forbidden = re.compile(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", re.IGNORECASE)

    assert [path.name for path in TEMPLATES if forbidden.search(path.read_text())] == []


def test_templates_stay_readable():
    assert [path.name for path in TEMPLATES if len(path.read_text().splitlines()) > 120] == []


def test_htmx_always_has_a_way_without_it():
    """Every element with data-hx-get is a link, a form, a field in a form, or fills in what the page works without."""
    without = []
    for path in TEMPLATES:
        for tag in re.findall(r"<[a-z]+[^>]*data-hx-post[^>]*>", path.read_text()):
            if not re.match(r"<(form|button|input|select)", tag):
                without.append(f"{path.name}: {tag[:80]}")
        for tag in re.findall(r"<a[^>]*data-hx-get[^>]*>", path.read_text()):
            if "href=" not in tag:
                without.append(f"{path.name}: {tag[:80]}")

    assert without == []


def test_no_secret_goes_into_a_log_line():
    """Nobody passes a password, token or nonce to record(), attempt(), a logger or a task."""
    suspicious = re.compile(r"(record|attempt|logger\.\w+|\.delay|send_task)\([^)]*\b(password|token|nonce)\b")

    assert [path.name for path in SOURCES if suspicious.search(path.read_text())] == []
