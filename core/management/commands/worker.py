import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from core import background, jobs, outbox

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_ROUNDS = 1.0
SECONDS_BETWEEN_LOOKS_AT_JOBS = 60.0
SECONDS_AFTER_AN_ERROR = 10.0


class Command(BaseCommand):
    help = "Sends mails, does background tasks and housekeeping, until it gets SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            self._send()
            self._do_tasks()
            self._do_jobs()
            return
        end = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: end.set())
        # Codes for logging in must not wait behind an import.
        beside = threading.Thread(target=self._do_tasks_until, args=[end])
        beside.start()
        self.stdout.write("Worker: ready.")
        until_jobs = 0.0
        while not end.is_set():
            pause = SECONDS_BETWEEN_ROUNDS
            close_old_connections()
            try:
                self._send(end)
                if until_jobs <= 0:
                    self._do_jobs()
                    until_jobs = SECONDS_BETWEEN_LOOKS_AT_JOBS
            except (DatabaseError, InterfaceError) as error:
                # The database is away or full for the moment; nothing is lost, all of it waits.
                logger.error("Worker: %s; trying again.", type(error).__name__)
                pause = SECONDS_AFTER_AN_ERROR
            except Exception:
                # A fault in one mail or job must not stop all the others.
                logger.exception("Worker: going on in spite of an error.")
                pause = SECONDS_AFTER_AN_ERROR
            until_jobs -= pause
            end.wait(pause)
        beside.join()
        self.stdout.write("Worker: ended.")

    def _send(self, end: threading.Event | None = None) -> None:
        counts = outbox.send_due(stopping=end.is_set if end else lambda: False)
        if counts:
            self._print("mails", counts)

    def _do_tasks(self, end: threading.Event | None = None) -> None:
        counts = background.run_due(stopping=end.is_set if end else lambda: False)
        if counts:
            self._print("tasks", counts)

    def _do_tasks_until(self, end: threading.Event) -> None:
        while not end.is_set():
            pause = SECONDS_BETWEEN_ROUNDS
            close_old_connections()
            try:
                self._do_tasks(end)
            except Exception:
                logger.exception("Worker: going on in spite of an error.")
                pause = SECONDS_AFTER_AN_ERROR
            end.wait(pause)
        connections.close_all()

    def _do_jobs(self) -> None:
        for name, counts in jobs.run_due().items():
            if any(counts.values()):
                self._print(name, counts)

    def _print(self, what: str, counts: Any) -> None:
        numbers = ", ".join(f"{count} {word}" for word, count in counts.items())
        self.stdout.write(f"{what}: {numbers}")
        self.stdout.flush()
