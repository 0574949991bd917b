"""`make run`: prepares, serves, works in the background, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source import ROOT

SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    values = {
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DEBUG": "on",
        "MEDIA_ROOT": str(folder / "media"),
        "PATH": os.environ["PATH"],
        "PORT": str(port),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "develop"],
        cwd=ROOT,
        env=values | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def children(pid: int) -> set[int]:
    """Return a process's children and theirs."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | children(child)
    return found


def get(port: int, path: str) -> str:
    """Return a page as soon as the server is there."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
                return response.read().decode()
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.3)


def stop(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Stop it as the terminal or the system would, and return what it said."""
    family = children(process.pid)
    assert len(family) >= 2, "server and worker"
    process.send_signal(number)
    said, _nothing = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []
    return said


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_it_serves_the_demonstration_and_leaves_nothing_running(tmp_path):
    port = free_port()
    first = start(tmp_path, port)
    assert "Frauencafé Mosaik" in get(port, "/de/organisationen/")
    assert get(port, "/de/entwicklung/post/")
    said = stop(first, signal.SIGINT)
    assert "The database is new" in said
    assert f"http://localhost:{port}" in said
    assert "officer@example.org" in said
    assert "Worker: ready." in said

    second = start(tmp_path, port)
    assert "Frauencafé Mosaik" in get(port, "/de/organisationen/")
    said = stop(second, signal.SIGTERM)
    assert "The database is new" not in said


def test_a_port_in_use_is_said_in_words(tmp_path, taken_port):
    said, _nothing = start(tmp_path, taken_port).communicate(timeout=SECONDS)
    assert f"Port {taken_port} is in use" in said
    assert not (tmp_path / "db.sqlite3").exists()


def test_it_is_for_development_only(tmp_path):
    process = start(
        tmp_path, 8000, DEBUG="off", SECRET_KEY="x" * 50, SITE_URL="https://example.org",
        EMAIL_URL="dummymail://", DEFAULT_FROM_EMAIL="netzwerk@example.org",
    )  # fmt: skip
    said, _nothing = process.communicate(timeout=SECONDS)
    assert "set DEBUG=on" in said
