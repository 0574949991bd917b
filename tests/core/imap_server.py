"""A mail server's IMAP side on the loopback, as small as the portal needs it."""

import base64
import contextlib
import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field

USER, PASSWORD = "portal", "geheim/§"


@dataclass
class Mail:
    raw: bytes
    received: str = ""
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Answers as RFC 3501 says, and misbehaves where a test tells it to.

    :ivar mails: by UID.
    :ivar trouble: what happens to a command, by its name: "hang", "drop", "no", "huge".
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.mails: dict[int, Mail] = {}
        self.validity = 7
        self.capabilities = "IMAP4rev1 AUTH=PLAIN"
        self.trouble: dict[str, str] = {}
        self.asked: list[str] = []
        self.ended = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 20

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    Talk(outer, self).go()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def get_request(self):
                connection, address = super().get_request()
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                return connection, address

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def add(self, raw: bytes, *, received: str = "", uid: int | None = None) -> int:
        uid = uid or max(self.mails, default=0) + 1
        self.mails[uid] = Mail(raw, received)
        return uid

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class Talk:
    def __init__(self, server: ImapServer, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.handler = server, handler

    def say(self, line: str | bytes) -> None:
        raw = line if isinstance(line, bytes) else line.encode()
        self.handler.wfile.write(raw + b"\r\n")

    def go(self) -> None:
        self.say("* OK ready")
        while line := self.handler.rfile.readline():
            tag, _blank, command = line.decode().strip().partition(" ")
            name = re.sub(r"^UID ", "", command).split(" ")[0].upper()
            self.server.asked.append(command)
            trouble = self.server.trouble.get(name)
            if trouble == "hang":
                self.server.ended.wait(20)
            if trouble in {"hang", "drop"}:
                return
            if trouble == "no":
                self.say(f"{tag} NO [ALERT] {command}")
                continue
            getattr(self, name.lower())(command)
            self.say(f"{tag} OK done")
            if name == "LOGOUT":
                return

    def capability(self, command: str) -> None:
        self.say(f"* CAPABILITY {self.server.capabilities}")

    def authenticate(self, command: str) -> None:
        self.say("+ ")
        login = base64.b64decode(self.handler.rfile.readline()).decode()
        assert login == f"\0{USER}\0{PASSWORD}"

    def login(self, command: str) -> None:
        assert command == f'LOGIN "{USER}" "{PASSWORD}"'

    def select(self, command: str) -> None:
        assert command == 'SELECT "Zurück"' or command == 'SELECT "INBOX"'
        self.say(f"* {len(self.server.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.server.validity}] valid")

    def search(self, command: str) -> None:
        first = int(re.search(r"UID (\d+):\*", command.removeprefix("UID "))[1])
        uids = [uid for uid in self.server.mails if uid >= first]
        last = max(self.server.mails, default=None)
        if last is not None and not uids:
            uids = [last]
        self.say("* SEARCH " + " ".join(map(str, uids)))

    def fetch(self, command: str) -> None:
        uid = int(command.split()[2])
        mail = self.server.mails.get(uid)
        if mail is None:
            return
        limit = int(re.search(r"<0\.(\d+)>", command)[1])
        raw = mail.raw[:limit]
        size = 10**9 if self.server.trouble.get(f"uid {uid}") == "huge" else len(raw)
        received = mail.received or "22-Nov-2026 12:00:00 +0000"
        self.say(f'* 1 FETCH (UID {uid} INTERNALDATE "{received}" BODY[]<0> {{{size}}}')
        self.handler.wfile.write(raw)
        self.say(")")

    def store(self, command: str) -> None:
        _uid, _store, uid, _what, flags = command.split(" ", 4)
        self.server.mails[int(uid)].flags |= set(flags.strip("()").split())

    def logout(self, command: str) -> None:
        self.say("* BYE")
