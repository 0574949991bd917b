"""Ask one address again and again: with wrk where it is installed, else with a few threads."""

import http.client
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit

# Every request asks for another query string, so that no remembered page answers.
LUA = """
local number = {seed}
local path = "{path}"
request = function()
  number = number + 1
  return wrk.format("GET", path .. number)
end
"""
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What came of it.

    :ivar rate: answers per second.
    :ivar median: milliseconds.
    :ivar p99: milliseconds; 99 of 100 answers were faster.
    :ivar failures: answers that were not 2xx or 3xx, or none at all.
    """

    rate: float
    median: float
    p99: float
    failures: int


def measure(url: str, *, seconds: float, connections: int, fresh: bool = False) -> Load:
    """Ask for an address over kept connections for some seconds.

    :param fresh: append a number that is never the same to the query string.
    """
    if fresh:
        url += ("&" if "?" in url else "?") + "frisch="
    ask = _with_wrk if shutil.which("wrk") else _with_threads
    return ask(url, seconds, connections, fresh)


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "a Python load generator, which costs more itself"


def _with_wrk(url: str, seconds: float, connections: int, fresh: bool) -> Load:
    command = ["wrk", "--latency", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "20s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if fresh:
            parts = urlsplit(url)
            path = f"{parts.path}?{parts.query}".replace("%", "%%").replace('"', "%22")
            script.write(LUA.format(path=path.replace("%%", "%"), seed=time.time_ns() % 10**12))
            script.flush()
            command += ["--script", script.name]
        text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    return Load(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        median=_milliseconds(re.search(r"^\s+50%\s+(\S+)", text, re.MULTILINE)[1]),
        p99=_milliseconds(re.search(r"^\s+99%\s+(\S+)", text, re.MULTILINE)[1]),
        failures=int(found[1] if found else 0) + sum(map(int, errors.groups() if errors else ())),
    )


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * MILLISECONDS[unit]


def _with_threads(url: str, seconds: float, connections: int, fresh: bool) -> Load:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    numbers = count(time.time_ns())
    times: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds

    def work() -> None:
        nonlocal failures
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        while (begin := time.perf_counter()) < end:
            connection.request("GET", f"{path}{next(numbers)}" if fresh else path)
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - begin)
            failures += response.status >= 400

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(
        rate=len(times) / seconds,
        median=statistics.median(times) * 1000,
        p99=statistics.quantiles(times, n=100)[98] * 1000,
        failures=failures,
    )
