"""Measures the web pages: first visits, scrolling a table of 10,000 rows, each page's test.

Run: ``PYTHONPATH=. python tests/bench/bench_pages.py [--json] [--runs 3] [--only scroll,tests]``.

A network of its own as ``neurovoyance up --audits --economy`` makes it, with one job; the pages
are those that are built in the marketplace package, served by the market service. Visits are
measured by Lighthouse with its own mobile profile (a phone's processor, 1.6 Mbit/s, 150 ms),
simulated, each page ``--runs`` times, medians. It is installed apart: ``npm install --no-save
--prefix tests/bench/lighthouse lighthouse@12.8.2``, or named in NEUROVOYANCE_LIGHTHOUSE. Its
figures depend on the processor that is free: its own index of this machine and the load follow.
Scrolling happens in a real Chromium, one jump a frame, lists answered with made-up rows; beside
the frames, which other work on the machine lengthens, stands the processor time of the page's main
thread. Targets: largest contentful paint 3 s, first visit 200 kB, no frame over 50 ms, a page's
test 1.7 s.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, sync_playwright
from tests.e2e.dapp.browser import ROOT, WIDE, chromium, settle
from tests.e2e.dapp.many import ROWS, fill_lists
from tests.e2e.dapp.world import started

PAGES = ("/", "/jobs", "/network")
LIGHTHOUSE = ROOT / "tests" / "bench" / "lighthouse" / "node_modules" / "lighthouse"
INSTALL = "npm install --no-save --prefix tests/bench/lighthouse lighthouse@12.8.2"
AUDITS = {
    "lcp_ms": "largest-contentful-paint",
    "fcp_ms": "first-contentful-paint",
    "tbt_ms": "total-blocking-time",
    "cls": "cumulative-layout-shift",
    "transfer_bytes": "total-byte-weight",
}
CATEGORIES = ("performance", "accessibility", "best-practices")
TARGETS = {"lcp_ms": 3_000, "first_visit_bytes": 200_000, "frame_ms": 50, "test_s": 1.7}
FRAMES = 120
SCROLL = """async ([frames, step]) => {
  const times = [];
  let rows = 0;
  scrollTo(0, 0);
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  let before = await frame();
  for (let n = 0; n < frames; n += 1) {
    scrollBy(0, step);
    const now = await frame();
    times.push(now - before);
    before = now;
    rows = Math.max(rows, document.querySelectorAll('tbody tr').length);
  }
  return { times, rows };
}"""
WAYS = {"a screen in six frames": 150, "a screen a frame": 900, "the whole list": 0}
PYTEST = ("-q", "-p", "no:xdist", "--durations=0", "--durations-min=0.01")
TEST_LINE = re.compile(r"^([0-9.]+)s call +(?:.*/)?test_pages\.py::(\S+)", re.MULTILINE)


def lighthouse_command() -> list[str] | None:
    """Return how to start Lighthouse, if it is installed."""
    named = os.environ.get("NEUROVOYANCE_LIGHTHOUSE")  # its folder or its command
    node = shutil.which("node")
    for path in filter(None, (named and Path(named), LIGHTHOUSE)):
        script = path / "cli" / "index.js" if path.is_dir() else path
        if script.exists() and node:
            return [node, str(script)] if script.suffix == ".js" else [str(script)]
    found = shutil.which("lighthouse")
    return [found] if found else None


def visit(command: list[str], executable: str, url: str) -> dict[str, Any]:
    """Return the figures of one first visit."""
    done = subprocess.run(
        [
            *command,
            url,
            "--quiet",
            "--output=json",
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox",
        ],
        env=os.environ | {"CHROME_PATH": executable},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    report = json.loads(done.stdout)
    found = {name: report["audits"][audit]["numericValue"] for name, audit in AUDITS.items()}
    requests = report["audits"]["network-requests"]["details"]["items"]
    code = [one for one in requests if one.get("resourceType") in {"Script", "Stylesheet"}]
    found["first_visit_bytes"] = sum(one["transferSize"] for one in code)
    found["requests"] = len(requests)
    found["machine_index"] = report["environment"]["benchmarkIndex"]
    for name in CATEGORIES:
        found[name] = report["categories"][name]["score"] * 100
    return found


def visits(command: list[str], executable: str, url: str, runs: int) -> dict[str, Any]:
    """Return medians for each page, and the load after its runs."""
    found: dict[str, Any] = {}
    for page in PAGES:
        all_runs = [visit(command, executable, url + page) for _ in range(runs)]
        found[page] = {
            name: round(float(statistics.median(run[name] for run in all_runs)), 3)
            for name in all_runs[0]
        }
        found[page]["load"] = round(os.getloadavg()[0], 1)
    return found


def processor_s(session: CDPSession) -> float:
    """Return the seconds of processor that the page's main thread has had so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def scrolling(browser: Browser, url: str, *, is_phone: bool) -> dict[str, Any]:
    """Return, for each way to scroll, the frames' times and how many rows the document had."""
    context = browser.new_context(
        base_url=url, viewport={"width": 390, "height": 844} if is_phone else WIDE
    )
    fill_lists(context)
    tab = context.new_page()
    tab.set_default_timeout(120_000)
    session = context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.goto("/jobs")
    settle(tab)
    found: dict[str, Any] = {}
    for way, step_px in WAYS.items():
        height = tab.evaluate("() => document.body.scrollHeight")
        before_s = processor_s(session)
        result = tab.evaluate(SCROLL, [FRAMES, step_px or height / FRAMES])
        spent_s = processor_s(session) - before_s
        times = sorted(result["times"])
        found[way] = {
            "median_ms": round(statistics.median(times), 1),
            "p95_ms": round(times[int(len(times) * 0.95)], 1),
            "longest_ms": round(times[-1], 1),
            "over_50_ms": round(sum(t > TARGETS["frame_ms"] for t in times) / len(times), 3),
            "processor_ms": round(1_000 * spent_s / FRAMES, 1),
            "rows_in_document": result["rows"],
        }
    context.close()
    return found


def page_tests() -> dict[str, Any]:
    """Run the tests of all pages; return the seconds of each."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PYTEST, "tests/e2e/dapp/test_pages.py"],
        cwd=ROOT,
        env=os.environ | {"NEUROVOYANCE_KEEP_PAGES": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    found = {name: float(seconds) for seconds, name in TEST_LINE.findall(done.stdout)}
    return {"seconds": found, "passed": done.returncode == 0, "load": round(os.getloadavg()[0], 1)}


def measured(parts: set[str], runs: int) -> dict[str, Any]:
    """Measure what is asked for."""
    executable = chromium()
    if executable is None:
        sys.exit("No chromium: apt-get install chromium, or name it in NEUROVOYANCE_CHROMIUM.")
    found: dict[str, Any] = {}
    command = lighthouse_command()
    if "visits" in parts and command is None:
        print(f"No Lighthouse, so no first visits: {INSTALL}", file=sys.stderr)
    if parts & {"visits", "scroll"}:
        with tempfile.TemporaryDirectory(prefix="neurovoyance-bench-") as folder:
            world = started(Path(folder) / "home")
            try:
                if "visits" in parts and command is not None:
                    found["visits"] = visits(command, executable, world.url, runs)
                if "scroll" in parts:
                    found["scroll"] = both_widths(executable, world.url)
            finally:
                world.network.stop()
    if "tests" in parts:
        found["tests"] = page_tests()
    return found


def both_widths(executable: str, url: str) -> dict[str, Any]:
    """Scroll the table of a desk, and the cards of a phone."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        found: dict[str, Any] = {
            name: scrolling(browser, url, is_phone=is_phone)
            for name, is_phone in (("table", False), ("cards", True))
        }
        browser.close()
    found["load"] = round(os.getloadavg()[0], 1)
    return found


def show(found: dict[str, Any]) -> None:
    """Print the figures for people."""
    for page, figures in found.get("visits", {}).items():
        verdict = "met" if figures["lcp_ms"] <= TARGETS["lcp_ms"] else "MISSED"
        print(f"{page:9} LCP {figures['lcp_ms'] / 1_000:.2f} s of 3 ({verdict})  {figures}")
    for shape, ways in found.get("scroll", {}).items():
        if shape == "load":
            continue
        for way, figures in ways.items():
            print(f"{ROWS:,} rows as {shape}, {way}: {figures}")
    if "tests" in found:
        seconds = found["tests"]["seconds"]
        slow = {name: s for name, s in seconds.items() if s > TARGETS["test_s"]}
        passed = "passed" if found["tests"]["passed"] else "FAILED"
        middle = statistics.median(seconds.values()) if seconds else 0.0
        print(
            f"{len(seconds)} tests of pages ({passed}), median {middle:.2f} s, slower than 1.7 s:"
        )
        for name, s in sorted(slow.items(), key=lambda pair: -pair[1]) or [("none", 0.0)]:
            print(f"  {s:.2f} s  {name}")
    print(f"load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Parse the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="visits,scroll,tests")
    options = parser.parse_args()
    found = measured(set(options.only.split(",")), options.runs)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
