"""Serve the portal on a developer's machine, with what works in the background beside it."""

import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import translation

from portal.models import NetworkProfile

STOP_AFTER_SECONDS = 10


class Command(BaseCommand):
    help = "Prepare the database and serve the portal for development (make run)."
    # The database may not have its tables yet.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=os.environ.get("PORT") or "8000", help="default: 8000"
        )

    def handle(self, *, port: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This is for development only: set DEBUG=on, or use make run.")
        refuse_taken_port(port)
        self.prepare_database()
        self.greet(port)
        sys.exit(run_together(port))

    def prepare_database(self) -> None:
        database = settings.DATABASES["default"]
        if database["ENGINE"].endswith("sqlite3"):
            Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        if not NetworkProfile.objects.exists():
            self.stdout.write("The database is new: loading the demonstration network …")
            call_command("load_reference_data", verbosity=0)
            call_command("seed_demo", verbosity=0)

    def greet(self, port: int) -> None:
        with translation.override(settings.LANGUAGE_CODE):
            mailbox = reverse("core:mailbox")
            office = reverse("admin:index")
        site = f"http://localhost:{port}"
        self.stdout.write(
            f"\n  The portal      {site}\n"
            f"  E-mails         {site}{mailbox}\n"
            f"  Back office     {site}{office}\n\n"
        )
        if NetworkProfile.objects.filter(is_demonstration=True).exists():
            call_command("demo_accounts", stdout=self.stdout)
        else:
            self.stdout.write("  Log in with any address; the code comes by e-mail.")
        self.stdout.write("\n  Ctrl-C stops everything.\n\n")
        self.stdout.flush()


def refuse_taken_port(port: int) -> None:
    """Say in words that a port is in use, before anything starts.

    :raises CommandError: when something listens there, or the number is no port.
    """
    if not 0 < port < 65536:
        raise CommandError(f"{port} is not a port; choose one between 1024 and 65535.")
    with socket.socket() as probe:
        # As the server itself will bind: a port that only rests after its last use is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CommandError(f"Port {port} is not allowed; choose one above 1023.") from None
        except OSError:
            raise CommandError(
                f"Port {port} is in use, perhaps by another make run. "
                f"Choose another one: make run PORT={port + 1}"
            ) from None


def run_together(port: int) -> int:
    """Run server and worker until one ends or we are told to stop; then neither is left.

    :return: the exit code: 0 after Ctrl-C or SIGTERM, else that of the one that ended.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    if settings.SITE_URL == "http://localhost:8000":
        # Links in mails lead to where this server really is.
        environment["SITE_URL"] = f"http://localhost:{port}"
    commands = (["runserver", f"127.0.0.1:{port}"], ["worker"])
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    # A session of their own: the terminal's Ctrl-C reaches only us, and the server's
    # reloading child belongs to the group that we end.
    processes = [
        subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment,
            start_new_session=True,
        )
        for command in commands
    ]
    try:
        while not stopping and all(process.poll() is None for process in processes):
            time.sleep(0.2)
        ended = next((code for p in processes if (code := p.poll()) is not None), 0)
    finally:
        stop_all(processes)
    return 0 if stopping else ended or 1


def stop_all(processes: list[subprocess.Popen[bytes]]) -> None:
    """End each process with everything it started; those that do not listen are killed."""
    for process in processes:
        signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_AFTER_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
