"""The rules of the house that a machine can check. A finding names file and line."""

import ast
import re

import pytest

from tests.source import APPS, ROOT, files, imports, modules, read, tree

TEMPLATES = files(".html", ".txt", under="templates")


def findings(paths, pattern: str, *, ignore: str = r"(?!)") -> list[str]:
    """Return `file:line: text` wherever the pattern matches once what `ignore` matches is gone."""
    expression, hidden = re.compile(pattern), re.compile(ignore)
    return [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(read(path).splitlines(), 1)
        if expression.search(hidden.sub("", line))
    ]


# --- Imports --------------------------------------------------------------------------------------
@pytest.mark.parametrize("app", APPS)
def test_imports_point_left_only(app):
    forbidden = set(APPS[APPS.index(app) + 1 :]) | {"netzwerk", "tests", "benchmarks"}
    assert [
        f"{path}:{node.lineno}: {name}"
        for path in files(".py", under=app)
        for name, node in imports(path)
        if name.split(".")[0] in forbidden
    ] == []


def test_the_configuration_imports_no_app():
    assert [
        f"{path}:{node.lineno}: {name}"
        for path in files(".py", under="netzwerk")
        for name, node in imports(path)
        if name.split(".")[0] in APPS
    ] == []


def test_imports_of_the_project_stand_at_the_top():
    """An import inside a function hides a cycle; `ready()` is where Django asks for one."""
    found = []
    for path in modules():
        if path.name == "apps.py":
            continue
        top = set(tree(path).body)
        for node in tree(path).body:
            if isinstance(node, ast.If):  # if TYPE_CHECKING:
                top |= set(node.body)
        found += [
            f"{path}:{node.lineno}: {name}"
            for name, node in imports(path)
            if name.split(".")[0] in APPS and node not in top
        ]
    assert found == []


# --- Rights ---------------------------------------------------------------------------------------
def test_views_start_from_what_the_person_may_see():
    words = r"(Topic|TargetGroup|Language|Municipality)\.objects\.all\(\)"  # open to everybody
    assert findings(modules("views"), r"\.objects\.all\(", ignore=words) == []


def test_organisations_are_never_fetched_past_the_rights():
    """In a view, `Organisation` is asked through a right, never by primary key alone."""
    allowed = r"Organisation\.objects\.(visible_to|editable_by|managed_by|of|public)\("
    found = findings(
        modules("views"), r"\bOrganisation\.objects\b|get_object_or_404\(Organisation\b"
    )
    assert [line for line in found if not re.search(allowed, line)] == []


# --- Mail -----------------------------------------------------------------------------------------
def test_only_the_outbox_hands_mails_over():
    """Everything else queues; the worker sends through `core/outbox.py`."""
    names = {
        "send_mail",
        "send_mass_mail",
        "EmailMessage",
        "EmailMultiAlternatives",
        "get_connection",
    }
    assert [
        f"{path}:{node.lineno}: {name}"
        for path in modules()
        if str(path) != "core/outbox.py"
        for name, node in imports(path)
        if name.startswith("django.core.mail") and name.split(".")[-1] in names
    ] == []


def test_models_forms_admin_and_signals_queue_no_mail():
    assert [
        f"{path}:{node.lineno}: {name}"
        for path in modules("models", "forms", "admin", "signals")
        for name, node in imports(path)
        if name in {"core.mail.queue_mail", "core.mail.send"} or ".emails" in name
    ] == []


# --- Templates ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("unescaped output", r"\|\s*safe\b|autoescape off|\|\s*safeseq\b"),
        ("inline style", r"\sstyle\s*=|<style\b"),
        ("inline script", r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)|\son[a-z]+\s*="),
        (
            "third parties",
            r"(src|srcset|action)\s*=\s*[\"'](https?:)?//|<link[^>]+href=[\"'](https?:)?//",
        ),
        ("untrimmed text", r"{%\s*blocktrans(late)?\b(?![^%]*\btrimmed\b)"),
        ("old tag names", r"{%\s*(trans|blocktrans)\s"),
    ],
)
def test_templates_hold_no(what, pattern):
    # Mails cannot link to a style sheet.
    pages = [path for path in TEMPLATES if "emails" not in path.parts or what != "inline style"]
    # Plain text is not HTML: line ends count, and nothing is escaped.
    if what in {"unescaped output", "untrimmed text"}:
        pages = [path for path in pages if path.suffix == ".html"]
    # A tag of ours may have an argument of that name.
    ignore = r"{%.*?%}" if what in {"inline style", "inline script"} else r"(?!)"
    assert findings(pages, pattern, ignore=ignore) == []


def test_only_reviewed_places_mark_text_as_safe():
    """Elsewhere `format_html` escapes; these clean or escape what they join, piece by piece."""
    reviewed = {
        "core/icons.py",
        "core/mail.py",
        "core/markdown.py",
        "organisations/templatetags/directory.py",
    }
    found = findings(modules(), r"\bmark_safe\(|SafeString\(")
    assert [line for line in found if line.split(":")[0] not in reviewed] == []


# --- Look -----------------------------------------------------------------------------------------
def test_styles_know_no_left_and_right():
    physical = (
        r"(?<![-\w])(margin|padding|border|inset)-(left|right)\b"
        r"|text-align:\s*(left|right)\b|(?<![-\w])float:\s*(left|right)\b"
        r"|(?<![-\w])(left|right):\s"
    )
    assert findings(files(".css", under="static"), physical) == []


def test_styles_and_scripts_load_nothing_from_elsewhere():
    paths = files(".css", ".js", under="static")
    assert findings(paths, r"url\(\s*[\"']?(https?:)?//|@import\s+[\"'](https?:)?//") == []
    assert findings(paths, r"\b(eval|importScripts)\(|new Function\(|\.innerHTML\s*=") == []


# --- Tests ----------------------------------------------------------------------------------------
def test_every_app_is_on_the_map():
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps == set(APPS), "Say in tests/source.py where the new app stands."
