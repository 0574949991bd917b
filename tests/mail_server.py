"""A mail server on the loopback and real workers, for tests that kill them."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.database import database_url

ROOT = Path(__file__).resolve().parents[1]


class MailServer:
    """Takes mails as a real one does, and misbehaves where a test tells it to.

    A recipient's name says what happens: `refused@…` at RCPT, `full@…` and `spam@…` after the data,
    `hangup@…` ends the connection in the middle, `slow@…` waits for `go_on`.
    """

    def __init__(self) -> None:
        self.received: list[tuple[str, str, bytes]] = []
        self.senders: list[str] = []  # of the envelope
        self.in_hand = threading.Event()
        self.go_on = threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 No such\tmailbox"
        if address.startswith("greylisted"):
            return "450 4.2.0 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("full"):
            return "452 4.3.1 Insufficient system storage"
        if to.startswith("spam"):
            return "554 5.7.1 Looks like spam"
        if to.startswith("slow"):
            self.in_hand.set()
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)
        self.senders.append(envelope.mail_from)
        self._keep(to, envelope.content)
        if to.startswith("hangup"):
            server.transport.abort()
        return "250 OK"

    def _keep(self, to: str, content: bytes) -> None:
        message = message_from_bytes(content, policy=policy.default)
        self.received.append((to, message["Message-ID"], content))

    def __call__(self) -> Counter[str]:
        return Counter(to for to, _id, _content in self.received)


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as free:
        host, port = free.getsockname()
    controller = Controller(server, hostname=host, port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
    settings.EMAIL_TIMEOUT = 5
    yield server
    server.go_on.set()
    controller.stop()


@pytest.fixture
def start_worker(settings) -> Iterator:
    """Return a function that starts `manage.py worker` on the test's database and mail server."""
    environment = {
        **os.environ,
        "DEBUG": "on",
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
    }
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
