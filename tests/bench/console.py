"""What open pages of the console cost serve, and whether a page that stays open grows.

Run as `make bench NAME=console ARGS="--minutes 30"`. The stage of the browser tests (embedded broker, worker and serve as
processes) gets events at a steady rate, spread evenly over people. `cost`: the CPU of the serve process as a share of a
core, phases without and with viewers in turn; a viewer is a stream of server-sent events that asks for its page anew
whenever it is told, as the page's script does. Nine of ten show a person, the others the flow. `growth`: the heap of the
scripts and the nodes of the document in Chromium, after a collection of garbage, while the same load goes on.
`exchanges`: the same where the page is told of a change as soon as it has shown the last one, which makes hours of
exchanges minutes: what an exchange leaves behind would add up.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import numpy as np

from tests.bench.process_seen import ProcessSeen
from tests.bench.report import emit
from tests.browser.page import Browser
from tests.browser.stage import SUBJECTS, Stage

RATE_PER_S = 200.0
TICK_S = 0.05
SETTLE_S = 4.0
FRAGMENT = {"Accept": "text/html", "HX-Request": "true"}
CHANNEL = "flow-en"
SAMPLES = 12
#: The part of the time after which growth is counted: caches fill and code is compiled before it, and of half an hour
#: the ten minutes that the page of the flow keeps.
WARM_UP = 0.4
ROUND = 100
#: What the stream would say, ROUND times; the next as soon as the page has been exchanged.
EXCHANGES = {
    "person": """
const done = arguments[0], last = () => document.removeEventListener('htmx:after:swap', next);
let left = ROUND;
function next() {
  if (left-- > 0) setTimeout(() => document.body.dispatchEvent(new Event('changed', {bubbles: true})));
  else { last(); done(); }
}
document.addEventListener('htmx:after:swap', next);
next();
""",
    "flow": """
const done = arguments[0], flow = document.getElementById('flow'), data = flow.innerHTML;
let left = ROUND;
function next() {
  if (left-- <= 0) { done(); return; }
  document.dispatchEvent(new CustomEvent(`part-${flow.dataset.channel}`, {detail: {data}}));
  setTimeout(next);
}
next();
""",
}


@dataclass
class Load:
    """Events at a steady rate from a thread of this process, person after person."""

    stage: Stage
    n_people: int
    n_sent: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def person(self, number: int) -> str:
        return self.stage.profile_id("shop", f"viewer-{number % self.n_people}")

    def run(self) -> None:
        began_s, subjects = time.monotonic(), list(SUBJECTS)
        while not self._stopped.wait(TICK_S):
            due = int((time.monotonic() - began_s) * RATE_PER_S)
            for number in range(self.n_sent, due):
                item_id = f"{subjects[number % 4]}-{number // 4 % 5}"
                who = f"viewer-{number % self.n_people}"
                event = self.stage.event("shop", "product.viewed", subject=who, data={"item": {"item_id": item_id}})
                self.stage._produce("events.shop", who, event)
            self.n_sent = due
            self.stage.producer.poll(0)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()
            self.stage.flush()


@dataclass
class Viewers:
    """Open pages without a browser."""

    url: str
    people: list[str]
    n_flow: int
    n_told: int = 0
    n_bytes: int = 0

    async def look_for(self, seconds: float) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=30) as client:
            pages = [self._look(client, f"/live?person={each}", "changed", f"/people/{each}") for each in self.people]
            flows = [
                self._look(client, f"/live?channel={CHANNEL}", f"part-{CHANNEL}", "/operations/history?since={now}")
                for _ in range(self.n_flow)
            ]
            tasks = [asyncio.create_task(each) for each in [*pages, *flows]]
            await asyncio.sleep(seconds)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self, client: httpx.AsyncClient, stream: str, event: str, page: str) -> None:
        headers = FRAGMENT if page.startswith("/people") else {"Accept": "application/json"}
        async with client.stream("GET", stream, headers={"Accept": "text/event-stream"}) as told:
            async for line in told.aiter_lines():
                if line == f"event: {event}":
                    answer = await client.get(page.format(now=time.time() - 2), headers=headers)
                    answer.raise_for_status()
                    self.n_told += 1
                    self.n_bytes += len(answer.content)


def share_of_a_core(seen: ProcessSeen, work: object, seconds: float) -> float:
    began_s, cpu_s = time.monotonic(), seen.cpu_s()
    if isinstance(work, Viewers):
        asyncio.run(work.look_for(seconds))
    else:
        time.sleep(seconds)
    return (seen.cpu_s() - cpu_s) / (time.monotonic() - began_s)


def cost(stage: Stage, load: Load, rounds: int, seconds: float, n_viewers: int) -> dict[str, dict[str, list[float]]]:
    seen, n_flow = ProcessSeen(stage.processes["serve"].pid), n_viewers // 10
    measured: dict[str, dict[str, list[float]]] = {"without": {"core": []}, "with": {"core": [], "pages_per_s": [], "kB_per_page": []}}
    for _ in range(rounds):
        measured["without"]["core"].append(share_of_a_core(seen, None, seconds))
        viewers = Viewers(stage.url, [load.person(number) for number in range(n_viewers - n_flow)], n_flow)
        measured["with"]["core"].append(share_of_a_core(seen, viewers, seconds))
        measured["with"]["pages_per_s"].append(viewers.n_told / seconds)
        measured["with"]["kB_per_page"].append(viewers.n_bytes / 1000 / max(1, viewers.n_told))
    return measured


def grown(browsers: dict[str, Browser], minutes: float) -> dict[str, dict[str, list[float]]]:
    """Samples of each page at even times after the warm-up; slopes by least squares, an hour."""
    seconds = minutes * 60
    time.sleep(seconds * WARM_UP)
    samples: dict[str, list[tuple[float, float, float]]] = {page: [] for page in browsers}
    for _ in range(SAMPLES):
        for page, browser in browsers.items():
            samples[page].append((time.monotonic(), *held(browser)))
        time.sleep(seconds * (1 - WARM_UP) / SAMPLES)
    found = {}
    for page, rows in samples.items():
        at_s, heap, nodes = np.array(rows).T
        found[page] = {
            "heap_MB": (heap / 1e6).tolist(),
            "nodes": nodes.tolist(),
            "heap_MB_per_hour": [float(np.polyfit(at_s, heap / 1e6, 1)[0] * 3600)],
            "nodes_per_hour": [float(np.polyfit(at_s, nodes, 1)[0] * 3600)],
        }
    return found


def exchanged(browsers: dict[str, Browser], n: int) -> dict[str, dict[str, list[float]]]:
    """What is held after every ROUND exchanges of each page, before them first."""
    found = {}
    for page, browser in browsers.items():
        samples = [held(browser)]
        for _ in range(0, n, ROUND):
            browser.driver.execute_async_script(EXCHANGES[page].replace("ROUND", str(ROUND)))
            time.sleep(1.0)  # what the last exchange asked for comes
            samples.append(held(browser))
        heap, nodes = np.array(samples).T
        found[page] = {"heap_MB": (heap / 1e6).tolist(), "nodes": nodes.tolist()}
    return found


def held(browser: Browser) -> tuple[float, float]:
    """(bytes of the scripts' heap, nodes of the document) after a collection."""
    for _ in range(2):
        browser.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    told = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    metrics = {each["name"]: float(each["value"]) for each in told}
    return metrics["JSHeapUsedSize"], metrics["Nodes"]


@contextmanager
def open_pages(stage: Stage, load: Load) -> Iterator[dict[str, Browser]]:
    addresses = {"person": f"/people/{load.person(0)}", "flow": "/operations"}
    browsers = {page: Browser(notes_traffic=False) for page in addresses}
    try:
        for page, browser in browsers.items():
            browser.driver.execute_cdp_cmd("Performance.enable", {})
            browser.driver.execute_cdp_cmd("HeapProfiler.enable", {})
            browser.driver.set_script_timeout(120)
            browser.open(stage.url + addresses[page])
        yield browsers
    finally:
        for browser in browsers.values():
            browser.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--people", type=int, default=1_000, help="fewer people change more often")
    parser.add_argument("--rounds", type=int, default=3, help="0 leaves the cost out")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a phase")
    parser.add_argument("--minutes", type=float, default=3.0, help="that two pages stay open in Chromium; 0 leaves this out")
    parser.add_argument("--exchanges", type=int, default=1_000, help="of each of the two pages; 0 leaves this out")
    asked = parser.parse_args()
    with Stage() as stage:
        stage.publish_items()
        load = Load(stage, asked.people)
        with load.going_on():
            stage.eventually(lambda: stage.get(f"/people/{load.person(0)}")["n_events"], 60.0)
            time.sleep(SETTLE_S + asked.people / RATE_PER_S)
            settings = vars(asked) | {"events_per_s": RATE_PER_S}
            if asked.rounds:
                emit("console cost", settings, cost(stage, load, asked.rounds, asked.seconds, asked.viewers), "with", "core")
            if asked.minutes:
                with open_pages(stage, load) as browsers:
                    emit("console growth", settings, grown(browsers, asked.minutes), "person", "nodes")
        if asked.exchanges:
            with open_pages(stage, load) as browsers:
                emit("console exchanges", settings, exchanged(browsers, asked.exchanges), "person", "nodes")


if __name__ == "__main__":
    main()
