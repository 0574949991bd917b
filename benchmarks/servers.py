"""Start and stop what is measured: a database with a network in it, and two worker processes."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
# As docs/operations.md says: each thread takes a connection, and the pool has ten.
THREADS = 4
ARENAS = "2"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Site:
    """One database and the environment that leads to it."""

    folder: Path
    database_url: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, settings: str) -> dict[str, str]:
        """Return what a server in production would have; only https is missing."""
        return os.environ | {
            "ALLOW_HTTP": "on",
            "BENCHMARK_FOLDER": str(self.folder),
            "CACHE_URL": "",
            "DATABASE_URL": self.database_url,
            "DEBUG": "off",
            "DEFAULT_FROM_EMAIL": "netzwerk@example.org",
            "DJANGO_SETTINGS_MODULE": settings,
            "EMAIL_URL": "dummymail://",
            "MALLOC_ARENA_MAX": ARENAS,
            "MEDIA_ROOT": str(self.folder / "media"),
            "SECRET_KEY": "of-a-benchmark-and-long-enough-0123456789-abcdefghijklmnopq",
            "SITE_URL": self.url,
        }

    def manage(self, *command: str) -> None:
        """Run a command of manage.py; what it says is shown only when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment("benchmarks.settings"),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"manage.py {' '.join(command)}:\n{done.stdout}{done.stderr}")

    def prepare(self, organisations: int) -> None:
        self.manage("migrate", "--no-input")
        self.manage("load_reference_data")
        self.manage("seed_demo", "--yes-demonstration")
        self.manage("seed_scale", "--organisations", str(organisations), "--yes-demonstration")
        self.manage("collectstatic", "--no-input")

    @contextmanager
    def served(self, settings: str) -> Iterator["Server"]:
        """Serve with granian, two workers of one process each, until the block ends."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", str(WORKERS), "--no-ws"]
        command += ["--blocking-threads", str(THREADS)]
        command += ["--log-level", "error", "netzwerk.wsgi:application"]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment(settings))
        try:
            self._wait(process)
            yield Server(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SystemExit("The server did not start.")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("The server does not answer.")


@dataclass(frozen=True)
class Server:
    """A running server, known by the process that watches its workers."""

    pid: int

    def memory(self) -> list[float]:
        """Return what each worker keeps in memory, in MB (resident, shared libraries included)."""
        return [
            _resident(int(child))
            for task in Path(f"/proc/{self.pid}/task").iterdir()
            for child in (task / "children").read_text().split()
            if "spawn_main" in (line := Path(f"/proc/{child}/cmdline").read_text())
            or "granian" in line
        ]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    return 0.0


# --- Databases ------------------------------------------------------------------------------------
@contextmanager
def sqlite(folder: Path) -> Iterator[Site]:
    yield Site(folder, f"sqlite:///{folder / 'db.sqlite3'}", free_port())


@contextmanager
def postgresql(folder: Path) -> Iterator[Site]:
    """A cluster of its own with PostgreSQL's usual settings, gone when the block ends."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    programs = programs[-1] if programs else Path(shutil.which("initdb") or "/").parent
    if not (programs / "initdb").exists():
        raise SystemExit("PostgreSQL is not installed (Debian: apt install postgresql).")
    home, port = folder / "postgresql", free_port()
    home.mkdir()
    as_postgres: list[str] = []
    if os.getuid() == 0:  # it refuses to run as root
        user = pwd.getpwnam("postgres")
        for path in (folder, home):
            path.chmod(0o755)
        os.chown(home, user.pw_uid, user.pw_gid)
        as_postgres = ["runuser", "-u", "postgres", "--"]
    data = str(home / "data")

    def run(program: str, *arguments: str) -> None:
        command = [*as_postgres, str(programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    run("initdb", "--pgdata", data, "--username=portal", "--auth=trust", "--encoding=UTF8")
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1"
    run(
        "pg_ctl",
        "--pgdata",
        data,
        "--wait",
        "--log",
        str(home / "log"),
        "--options",
        options,
        "start",
    )
    try:
        yield Site(folder, f"postgres://portal@127.0.0.1:{port}/postgres", free_port())
    finally:
        run("pg_ctl", "--pgdata", data, "--mode=immediate", "stop")


DATABASES = {"SQLite": sqlite, "PostgreSQL": postgresql}


def get(url: str, encoding: str = "") -> tuple[bytes, str]:
    """Return the body as it came over the wire, and its content type."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": encoding} if encoding else {})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read(), response.headers.get("Content-Type", "")
