"""Measure the portal beside bare Django and write the tables into benchmarks/README.md.

make bench                                  all of it, about ten minutes
make bench ARGS="--quick --print"           a glance: one second each, nothing is written
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin

import brotli

from benchmarks.load import Load, generator, measure
from benchmarks.servers import DATABASES, ROOT, WORKERS, Site, free_port, get

CONNECTIONS = 8
README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GOAL_QUERIES, GOAL_RATIO, GOAL_WEIGHT, GOAL_MEMORY = 8, 1.5, 60_000, 150


@dataclass
class Line:
    """One row of the table."""

    what: str
    load: Load
    queries: int | None
    size: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--organisations", type=int, default=10_000)
    parser.add_argument("--scale", type=int, nargs=2, default=(1_000, 100_000))
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--quick", action="store_true", help="one second each, no scale")
    parser.add_argument("--print", action="store_true", help="only print, leave the README alone")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.scale = 1, ()
    parts: list[str] = []
    for part in measured(options):
        parts.append(part)
        print(part, end="\n\n", flush=True)
        if not options.print:
            write("\n\n".join(parts))


def write(text: str) -> None:
    """Put the tables between their marks in the README."""
    before, _old, after = re.split(f"({BEGIN}.*{END})", README.read_text("utf-8"), flags=re.S)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def measured(options: argparse.Namespace) -> Iterator[str]:
    """Yield one part of the report after the other, as soon as it is measured."""
    yield conditions(options)
    for name in options.databases:
        say(f"{name}, {options.organisations} organisations")
        with tempfile.TemporaryDirectory() as folder, DATABASES[name](Path(folder)) as site:
            site.prepare(options.organisations)
            yield table(name, site, options)
    if options.scale:
        yield growth(options)


def conditions(options: argparse.Namespace) -> str:
    return (
        f"Measured on {time.strftime('%d %B %Y')} with `python -m benchmarks"
        f"{' ' + ' '.join(sys.argv[1:]) if sys.argv[1:] else ''}`: {os.cpu_count()} processors "
        f"({processor()}), shared with the load generator and the database; "
        f"Python {platform.python_version()}, Django {version('django')}, "
        f"granian {version('granian')} with {WORKERS} workers; "
        f"{CONNECTIONS} connections for {options.seconds:g} s each, made by {generator()}. "
        f"Load before: {os.getloadavg()[0]:.1f}."
    )


def processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


# --- One database ---------------------------------------------------------------------------------
def pages(site: Site) -> dict[str, str]:
    """Return the addresses that are measured, by what the table calls them."""
    organisation = probe(site, "--organisation").strip()
    return {
        "directory, first page": "/de/organisationen/",
        "directory, filtered": f"/de/organisationen/?{filters(site)}",
        "search with a typo": "/de/organisationen/?q=musick+verain",
        "organisation": f"/de/organisationen/{organisation}/",
    }


def filters(site: Site) -> str:
    """Return a query string with two filters, as the page itself offers them."""
    page = get(f"{site.url}/de/organisationen/")[0].decode()
    names = re.findall(r'name="(thema|sprache|topic|language)"[^>]*value="([\w-]+)"', page)
    names += re.findall(r"[?&;](thema|sprache|topic|language)=([\w-]+)", page)
    chosen = dict(names)
    if not chosen:
        raise SystemExit("The directory offers no filter for topic or language.")
    return "&".join(f"{name}={value}" for name, value in sorted(chosen.items()))


def probe(site: Site, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.probe", *arguments],
        cwd=ROOT,
        env=site.environment("benchmarks.settings"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def table(name: str, site: Site, options: argparse.Namespace) -> str:
    bare = replace(site, port=free_port())
    with bare.served("benchmarks.bare"), site.served("benchmarks.settings") as server:
        warm(f"{site.url}/de/organisationen/")
        addresses = pages(site)
        counted = json.loads(probe(site, *addresses.values()))
        asked = [
            ("bare Django view", bare, "/wort/", 0, False),
            ("bare list of 30 rows", bare, "/zeilen/", 1, False),
        ]
        for what, path in addresses.items():
            asked.append((f"{what}, made anew", site, path, counted[path], True))
        for what, path in addresses.items():
            asked.append((f"{what}, from the page cache", site, path, 0, False))
        # In turns, the best of three: what else the machine does slows all of them alike.
        rounds = [
            [
                line(what, where, path, queries, options, fresh=fresh)
                for what, where, path, queries, fresh in asked
            ]
            for _round in range(3)
        ]
        lines = [max(same, key=lambda row: row.load.rate) for same in zip(*rounds, strict=True)]
        memory = max(server.memory(), default=0)
        weights = {
            title: weigh(site.url + path)
            for title, path in (
                ("home", "/de/"),
                ("directory", addresses["directory, first page"]),
                ("organisation", addresses["organisation"]),
            )
        }
    rates = {row.what: row.load.rate for row in lines}
    most = max(row.queries or 0 for row in lines)
    listed = rates["directory, first page, made anew"] / rates["bare list of 30 rows"]
    cached = rates["directory, first page, from the page cache"]
    rows = "\n".join(
        f"| {row.what} | {row.load.rate:,.0f} | {row.load.median:.1f} | {row.load.p99:.1f} | "
        f"{row.queries} | {row.size:,} |"
        for row in lines
    )
    return "\n".join(
        [
            f"### {name}, {options.organisations:,} organisations",
            "",
            "| page | answers/s | median ms | p99 ms | SQL queries | bytes (HTML) |",
            "|---|--:|--:|--:|--:|--:|",
            rows,
            "",
            "| goal | measured | |",
            "|---|--:|---|",
            goal(f"at most {GOAL_QUERIES} queries a page", str(most), most <= GOAL_QUERIES),
            goal(
                "list at least half the rate of the bare list, made anew",
                f"{listed:.2f}",
                listed >= 0.5,
            ),
            goal(
                "cached page near the bare view",
                f"{cached / rates['bare Django view']:.2f} of its rate",
                cached >= 0.5 * rates["bare Django view"],
            ),
            *(
                goal(
                    f"first visit under {GOAL_WEIGHT // 1000} kB: {title}",
                    f"{weight / 1000:.1f} kB in {requests} requests",
                    weight < GOAL_WEIGHT,
                )
                for title, (weight, requests) in weights.items()
            ),
            goal(
                f"under {GOAL_MEMORY} MB per worker", f"{memory:.0f} MB", 0 < memory < GOAL_MEMORY
            ),
        ]
    )


def goal(text: str, measured: str, reached: bool) -> str:
    return f"| {text} | {measured} | {'reached' if reached else '**missed**'} |"


def line(
    what: str,
    site: Site,
    path: str,
    queries: int,
    options: argparse.Namespace,
    *,
    fresh: bool = False,
) -> Line:
    say(what)
    url = site.url + path
    size = len(get(url)[0])
    # Both workers build what they keep before it counts.
    measure(url, seconds=1, connections=CONNECTIONS, fresh=fresh)
    load = measure(url, seconds=options.seconds, connections=CONNECTIONS, fresh=fresh)
    if load.failures:
        raise SystemExit(f"{url}: {load.failures} answers failed")
    return Line(what, load, queries, size)


def warm(url: str) -> None:
    """Wait until every worker has made its index: several quick answers in a row."""
    quick = 0
    for number in range(1000):
        begin = time.perf_counter()
        try:
            get(f"{url}?warm={number}")
        except HTTPError:
            time.sleep(1)
        quick = quick + 1 if time.perf_counter() - begin < 1 else 0
        if quick == 4 * WORKERS:
            return
    raise SystemExit(f"{url} does not become quick.")


# --- Weight of a first visit ----------------------------------------------------------------------
class Linked(HTMLParser):
    """Collect what a browser fetches with a page: styles, scripts, pictures, icons."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "link" and set((given.get("rel") or "").split()) & {
            "stylesheet",
            "icon",
            "preload",
        }:
            self.addresses.append(given.get("href") or "")
        elif tag in {"script", "img", "source"} and given.get("src"):
            if given.get("loading") != "lazy":
                self.addresses.append(given["src"] or "")
        elif tag == "use" and (given.get("href") or "").startswith("/"):
            self.addresses.append((given["href"] or "").partition("#")[0])


def weigh(url: str) -> tuple[int, int]:
    """Return the bytes over the wire of a first visit (bodies, brotli) and its requests."""
    body, _type = get(url, "br, gzip")
    try:
        page = brotli.decompress(body)
    except brotli.error:
        page = body
    linked = Linked()
    linked.feed(page.decode())
    seen = {address for address in linked.addresses if not address.startswith("data:")}
    waiting = sorted(seen)
    total = len(body)
    while waiting:
        address = waiting.pop()
        content, kind = get(urljoin(url, address), "br, gzip")
        total += len(content)
        if "css" in kind:
            style = get(urljoin(url, address))[0].decode()
            for found in re.findall(r"(?:url\(|@import\s+)[\"']?([^\"')\s]+)", style):
                further = urljoin(address, found)
                if not found.startswith(("data:", "#")) and further not in seen:
                    seen.add(further)
                    waiting.append(further)
    return total, 1 + len(seen)


# --- From small to large --------------------------------------------------------------------------
def growth(options: argparse.Namespace) -> str:
    small, large = options.scale
    rows = []
    for name in options.databases:
        medians = side_by_side(name, options)
        for what in medians[small]:
            ratio = medians[large][what] / medians[small][what]
            rows.append(
                f"| {name}: {what} | {medians[small][what]:.1f} | {medians[large][what]:.1f} | "
                f"{ratio:.2f} | {'reached' if ratio <= GOAL_RATIO else '**missed**'} |"
            )
    return "\n".join(
        [
            "### From small to large",
            "",
            "Median in milliseconds, made anew; both served at once and asked in turns, the best "
            f"of three. Goal: at most {GOAL_RATIO} times.",
            "",
            f"| page | {small:,} organisations | {large:,} organisations | ratio | |",
            "|---|--:|--:|--:|---|",
            *rows,
        ]
    )


def side_by_side(name: str, options: argparse.Namespace) -> dict[int, dict[str, float]]:
    """Return the best of three medians by number of organisations and page.

    Both sites are served at the same time and asked in turns, so that whatever else the machine
    does slows both alike.
    """
    best: dict[int, dict[str, float]] = {}
    with ExitStack() as stack:
        sites: dict[int, Site] = {}
        for organisations in options.scale:
            say(f"{name}, {organisations} organisations")
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            site = sites[organisations] = stack.enter_context(DATABASES[name](folder))
            site.prepare(organisations)
            stack.enter_context(site.served("benchmarks.settings"))
            warm(f"{site.url}/de/organisationen/")
        asked = {organisations: pages(site) for organisations, site in sites.items()}
        for what in asked[options.scale[0]]:
            for organisations in options.scale * 3:
                site, path = sites[organisations], asked[organisations][what]
                median = line(what, site, path, 0, options, fresh=True).load.median
                known = best.setdefault(organisations, {})
                known[what] = min(known.get(what, median), median)
    return best


if __name__ == "__main__":
    main()
