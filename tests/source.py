"""What the project's own files are, for tests that read the source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# An app may import those to its left and itself.
APPS = ("core", "accounts", "organisations", "meetings", "actions", "portal")
IGNORED = {".git", ".venv", "var", "staticfiles", "media", "node_modules", "__pycache__", "htmlcov"}


@cache
def files(*suffixes: str, under: str = ".") -> tuple[Path, ...]:
    """Return the project's files with one of these suffixes, relative to its root."""
    found = []
    waiting = [ROOT / under]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.is_dir():
                if path.name not in IGNORED and not path.name.endswith("_cache"):
                    waiting.append(path)
            elif path.suffix in suffixes or path.name in suffixes:
                found.append(path.relative_to(ROOT))
    return tuple(sorted(found))


def read(path: Path | str) -> str:
    return (ROOT / path).read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(read(path), str(path))


def modules(*parts: str) -> tuple[Path, ...]:
    """Return the apps' Python files without migrations; with `parts`, those of such names.

    `modules("views")` finds `views.py` and everything in a package `views/`.
    """
    return tuple(
        path
        for app in APPS
        for path in files(".py", under=app)
        if "migrations" not in path.parts
        and (not parts or any(part in {path.stem, *path.parts[:-1]} for part in parts))
    )


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every absolute name a file imports (`core.mail.queue_mail`), with its statement."""
    package = path.parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                yield f"{module}.{alias.name}", node
