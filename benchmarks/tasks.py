"""Measuring tasks a person waits for, each in a process of its own.

A module keeps its tasks in a `Tasks` and ends with `Tasks.main()`; what a person would wait for is
timed by a `Clock`, and the most memory the process ever had is what counts.
"""

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.__main__ import README, processor, say
from benchmarks.servers import DATABASES, ROOT, Site

Run = Callable[[], str]


@dataclass(frozen=True)
class Task:
    """Something to measure.

    :ivar what: for the table.
    :ivar seconds: the goal.
    :ivar megabytes: the goal for the whole process.
    :ivar organisations: how many there are.
    """

    what: str
    run: Run
    seconds: float | None
    megabytes: int | None
    organisations: int


class Clock:
    """Times a part of a task, where preparing it takes time as well; the last one counts."""

    last: tuple[float, float] | None = None

    def __init__(self) -> None:
        self.begun = time.perf_counter(), time.process_time()

    def stop(self) -> tuple[float, float]:
        """Return seconds on the wall and of the processor."""
        Clock.last = time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]
        return Clock.last


def peak() -> float:
    """Return the most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Tasks(dict[str, Task]):
    """The tasks of a module, by the names of their functions.

    :param module: its name, to be run with `python -m`.
    :param marker: of its part of benchmarks/README.md.
    :param heading: above each database's table.
    :param organisations: how many there are where a task does not say.
    """

    def __init__(self, module: str, *, marker: str, heading: str, organisations: int) -> None:
        super().__init__()
        self.module, self.heading, self.organisations = module, heading, organisations
        self.begin, self.end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"

    def task(
        self,
        what: str,
        *,
        seconds: float | None = None,
        megabytes: int | None = None,
        organisations: int | None = None,
    ) -> Callable[[Run], Run]:
        """Let a function be measured; it returns what else there is to say, in a few words."""

        def register(run: Run) -> Run:
            number = self.organisations if organisations is None else organisations
            self[run.__name__] = Task(what, run, seconds, megabytes, number)
            return run

        return register

    def main(self, description: str | None) -> None:
        """Measure what the command line says, and write the table into benchmarks/README.md."""
        parser = argparse.ArgumentParser(prog=f"python -m {self.module}", description=description)
        parser.add_argument("--tasks", nargs="+", choices=self, default=list(self))
        parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
        parser.add_argument(
            "--print", action="store_true", help="only print, leave the README alone"
        )
        parser.add_argument("--here", choices=self, help=argparse.SUPPRESS)
        options = parser.parse_args()
        if options.here:
            print(json.dumps(self._measure_here(options.here)))
            return
        parts = [
            f"Measured on {time.strftime('%d %B %Y')} with `python -m {self.module}`: "
            f"{os.cpu_count()} processors ({processor()}), Python {platform.python_version()}, "
            f"Django {version('django')}. Load before: {os.getloadavg()[0]:.1f}."
        ]
        for name in options.databases:
            lines = []
            for number in sorted({self[one].organisations for one in options.tasks}):
                tasks = [one for one in options.tasks if self[one].organisations == number]
                say(f"{name}, {number} organisations")
                with tempfile.TemporaryDirectory() as folder, DATABASES[name](Path(folder)) as site:
                    site.manage("migrate", "--no-input")
                    site.manage("load_reference_data")
                    site.manage("seed_scale", "--organisations", str(number), "--yes-demonstration")
                    site.manage("collectstatic", "--no-input")
                    lines += [self._measure(one, site) for one in tasks]
            head = f"### {self.heading}: {name}"
            columns = "| task | s | CPU s | MB at most | goals | |\n|---|--:|--:|--:|---|---|"
            parts.append("\n".join([head, "", columns, *lines]))
            print(parts[-1], flush=True)
        if not options.print:
            found = f"({re.escape(self.begin)}.*{re.escape(self.end)})"
            before, _old, after = re.split(found, README.read_text("utf-8"), flags=re.S)
            text = "\n\n".join(parts)
            README.write_text(f"{before}{self.begin}\n{text}\n{self.end}{after}", "utf-8")

    def _measure_here(self, name: str) -> dict[str, object]:
        import django
        from django.utils import translation

        django.setup()
        translation.activate("de")
        clock = Clock()
        told = self[name].run()
        seconds, processor_seconds = Clock.last or clock.stop()
        return {
            "seconds": seconds,
            "processor": processor_seconds,
            "megabytes": peak(),
            "told": told,
        }

    def _measure(self, name: str, site: Site) -> str:
        """Return a line of the table."""
        done = subprocess.run(
            [sys.executable, "-m", self.module, "--here", name],
            cwd=ROOT,
            env=site.environment("benchmarks.settings"),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{name}:\n{done.stdout}{done.stderr}")
        found = json.loads(done.stdout.splitlines()[-1])
        one = self[name]
        reached = [
            f"{goal:g} {unit}" if found[key] <= goal else f"**missed** {goal:g} {unit}"
            for key, unit, goal in (
                ("seconds", "s", one.seconds),
                ("megabytes", "MB", one.megabytes),
            )
            if goal is not None
        ]
        return (
            f"| {one.what} | {found['seconds']:.2f} | {found['processor']:.2f} | "
            f"{found['megabytes']:.0f} | "
            f"{', '.join(reached)} | {found['told']} |"
        )
