"""Several at the same moment: threads of this process, and processes of their own."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from tests.database import database_url
from tests.source import ROOT

# Each begins when the file is there.
WAITING = """
import pathlib, time
print("ready", flush=True)
while not pathlib.Path({start!r}).exists():
    time.sleep(0.001)
"""


def threads(*calls: Callable[[], object]) -> list[Exception]:
    """Run the calls at the same moment, each in its own connection; return what each raised."""
    raised, start = [], threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return raised


def processes(*scripts: tuple[str, str], folder: Path) -> None:
    """Run scripts in processes of their own at the same moment; each must end well.

    :param scripts: what each does before it begins with the others, and what then.
    :param folder: an empty one, for the sign to begin.
    """
    start = folder / "start"
    running = [
        subprocess.Popen(
            [
                sys.executable, "manage.py", "shell", "--verbosity=0",
                "--command", f"{before}\n{WAITING.format(start=str(start))}\n{then}",
            ],
            cwd=ROOT,
            env={**os.environ, "DEBUG": "on", "DATABASE_URL": database_url()},
            stdout=subprocess.PIPE,
            text=True,
        )
        for before, then in scripts
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    start.touch()
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0
