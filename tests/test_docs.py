"""What the documents say is what the project does."""

import re
from pathlib import Path

import pytest

from benchmarks.servers import ARENAS, THREADS, WORKERS
from tests.source import APPS, ROOT, files, read
from tests.test_settings import NAMES, PRODUCTION

DOCUMENTS = files(".md")
TEXT = files(
    ".md", ".py", ".toml", ".txt", ".html", ".css", ".js", ".json", ".yml", ".po", "Makefile",
    "run", ".env.example", "LICENSE",
)  # fmt: skip


def test_the_readme_explains_every_setting():
    rows = dict(re.findall(r"^\| `([A-Z_]+)`( •)? \|", read("README.md"), re.MULTILINE))
    assert set(rows) == NAMES
    assert {name for name, mark in rows.items() if mark} == set(PRODUCTION)


def test_the_readme_shows_every_app():
    rows = set(re.findall(r"^\| `([a-z]+)` \|", read("README.md"), re.MULTILINE))
    assert rows == {*APPS, "netzwerk"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_commands_in_documents_exist(path):
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    commands = {file.stem for file in files(".py") if file.parent.name == "commands"}
    # Django's own, as far as we speak of them.
    commands |= {"migrate", "collectstatic", "createsuperuser", "check", "makemessages", "shell"}
    text = read(path)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= commands


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_documents_point_to_what_is_there(path):
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", read(path)):
        assert ((ROOT / path).parent / target).exists(), target


def test_the_project_knows_no_machine():
    """No folder or name of the computer somebody wrote it on."""
    pattern = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/\w")
    found = [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in TEXT
        for number, line in enumerate(read(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_addresses_of_people_are_nobodys():
    """Demonstration, tests and examples use the names that are reserved for it (RFC 2606)."""
    pattern = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})\b")
    # The officer's address at her office, as the county publishes it; a mail service that many
    # organisations share, which is what its test is about.
    meant = {"portal/data/founding_network.json", "tests/organisations/test_duplicates.py"}
    reserved = re.compile(r"(^|\.)(example(\.(org|com|net))?|invalid|test)$", re.IGNORECASE)
    # The county's public contact, which the demonstration shows and never writes to.
    public = {Path("portal/data/founding_network.json")}
    found = [
        f"{path}: {match[0]}"
        for path in TEXT
        if path.suffix in {".py", ".json", ".html", ".txt", ".md"}
        and str(path) not in meant
        and path not in public
        for match in pattern.finditer(read(path))
        if not reserved.search(match[1])
    ]
    assert found == []


@pytest.mark.parametrize("path", files(".txt", under="requirements"), ids=str)
def test_locked_requirements_are_names_and_hashes(path):
    text = read(path)
    assert "://" not in text
    for line in text.splitlines():
        assert re.match(r"    --hash=sha256:|[a-z0-9][\w.-]*(\[[\w,]+\])?==", line), line
    packages = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,]+\])?==", text, re.MULTILINE)
    assert len(packages) > 20
    assert text.count("--hash=sha256:") > len(packages)


def test_licence_is_named_the_same_everywhere():
    assert 'license = "EUPL-1.2"' in read("pyproject.toml")
    assert read("LICENSE").startswith("SPDX-License-Identifier: EUPL-1.2\n")
    assert "EUPL-1.2" in read("README.md")


def test_what_is_measured_is_served_as_the_operations_page_says():
    command = re.search(r"bin/granian (.+)", read("docs/operations.md"))[1]
    assert f"--workers {WORKERS} --blocking-threads {THREADS} " in command
    assert f"Environment=MALLOC_ARENA_MAX={ARENAS}\n" in read("docs/operations.md")
    # A thread that finds no connection waits and then fails.
    pool = re.search(r'"max_size": (\d+)', read("netzwerk/settings.py"))[1]
    assert int(pool) >= THREADS
