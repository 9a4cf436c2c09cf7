"""The sequence of a demo: start, items, events, account for every one of them, tell the story, keep serving."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from types import FrameType
from typing import Final

from rich.progress import TaskID

from streams.brokers.connection import producer_config
from streams.cli.api_client import ApiClient
from streams.cli.demo.one_person import OnePerson
from streams.cli.demo.plan import DemoPlan, DemoResult, Prepared
from streams.cli.demo.processes import DemoProcesses
from streams.cli.demo.screen import Screen
from streams.cli.demo.served import Served
from streams.cli.demo.story import Story
from streams.cli.demo.watch import ProfileWatch, scrape
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.settings import Kafka
from streams.simulation import Ledger, Simulation, dirty
from streams.simulation.identities import among, n_profiles
from streams.simulation.publisher import Publisher
from streams.simulation.records import CloudEvent, identity_record, to_record

_PATIENCE_S: Final = 120.0
#: Accounts that are linked at the end take some hops between topics to come together.
_CATCH_UP_S: Final = 30.0
_NAMES: Final = TopicNames()


def run_demo(plan: DemoPlan, prepared: Prepared, *, quiet: bool) -> DemoResult:
    """Run it; blocks until done, or with `once` unset until Ctrl-C. Raises Unavailable when a part fails."""
    signal.signal(signal.SIGTERM, _interrupt)  # ends in order, like Ctrl-C: nothing is left behind
    screen = Screen(quiet=quiet)
    screen.say(
        f"[bold]Braid demo[/]: {plan.n_people} people on 7 platforms, encoder [bold]{prepared.model}[/], "
        "an embedded broker in memory (nothing is kept)"
    )
    with DemoProcesses(prepared) as processes:
        demo = _Demo(plan, processes, screen)
        try:
            demo.play()
            if not plan.once:
                _keep_serving(processes, screen)
        except KeyboardInterrupt:
            demo.result.was_interrupted = demo.result.events_published == 0
            screen.say("stopping ...")
        finally:
            demo.close()
    return demo.result


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Demo:
    def __init__(self, plan: DemoPlan, processes: DemoProcesses, screen: Screen) -> None:
        self._plan, self._processes, self._screen = plan, processes, screen
        self._simulation = Simulation(plan.seed, time.time(), n_people=plan.n_people)  # noqa: TID251
        self._watch: ProfileWatch | None = None
        self.result = DemoResult()

    def play(self) -> None:
        with self._screen:
            self._start()
            publisher = Publisher(
                producer_config(Kafka(bootstrap_servers=self._processes.bootstrap_servers)), _NAMES
            )
            self._publish_items(publisher)
            self._publish_events()
        self._tell(publisher)

    def close(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    def _start(self) -> None:
        step = self._screen.step("starting broker, worker and serve")
        self._processes.start("worker")
        self._processes.start("serve")
        self._watch = ProfileWatch(self._processes.bootstrap_servers, _NAMES.profiles)
        records = list(self._simulation.item_records())
        self._processes.wait_ready(self._processes.metrics_url)
        self._processes.wait_ready(self._processes.api_url)
        self._screen.done(step, f"{len(records):,} items and {len(self._simulation.people)} people made up meanwhile")

    def _publish_items(self, publisher: Publisher) -> None:
        records = list(self._simulation.item_records())
        step = self._screen.step("items: encoded and indexed", len(records))
        publisher.publish(records)
        self.result.items = self._wait(
            step, self._processes.api_url, len(records), lambda metrics: metrics.get("braid_index_items", 0.0)
        )
        self._screen.done(step)

    def _publish_events(self) -> None:
        assert self._watch is not None
        events, links = self._simulation.events(self._plan.n_events), self._simulation.links()
        records, ledger = dirty(events, self._plan.seed)
        self.result.n_consents, self.result.n_due = ledger.n_consents, n_profiles(self._simulation.people, events)
        publisher = Publisher(producer_config(Kafka(bootstrap_servers=self._processes.bootstrap_servers)), _NAMES)
        step = self._screen.step("events: folded into profiles", len(records))
        self._watch.is_timing.set()
        began_s = time.monotonic()
        sent = publisher.publish(
            among(records, links),
            self._plan.rate_per_s,
            lambda delivery: self._screen.update(step, min(delivery.published, len(records)), self._note()),
        )
        if sent.failed:
            raise Unavailable(f"{sent.failed} records were not taken by the embedded broker: {sent.first_error}")
        self.result.events_published = sent.published - len(links)
        self._wait(step, self._processes.metrics_url, len(records), self._account)
        lasted_s = time.monotonic() - began_s
        self._watch.is_timing.clear()
        self._wait_for_people()
        self.result.events_per_s = self.result.events_applied / lasted_s
        self.result.latencies_s = list(self._watch.latencies_s)
        self._screen.done(step, self._note())
        self._say_counts(ledger, events)

    def _say_counts(self, ledger: Ledger, events: Sequence[CloudEvent]) -> None:
        result = self.result
        accounts = {(event["type"].partition(".")[0], event["subject"]) for event in events}
        self._screen.say(
            f"  {result.events_applied:,} applied, {result.duplicates} repeats dropped, "
            f"{result.dead_letters} dead letters ({len(ledger.invalid)} invalid sent), {len(ledger.late)} late ones "
            f"counted in full; {result.n_consents} consents are no behaviour, "
            f"{result.n_refused} of somebody who asked to be erased\n"
            f"  {len(accounts)} accounts of {self._plan.n_people} people are {result.profiles} profiles: "
            "most sign in with a provider or carry a `userid`, of some nobody knows who they are"
        )

    def _wait_for_people(self) -> None:
        """Until the reader of `profiles` has what must be there: accounts move and the last records are fetched."""
        assert self._watch is not None
        give_up_at_s = time.monotonic() + _CATCH_UP_S
        while not self._has_all_profiles() and time.monotonic() < give_up_at_s:
            time.sleep(0.05)
        self.result.profiles = len(self._watch.revisions)

    def _has_all_profiles(self) -> bool:
        assert self._watch is not None
        published = scrape(self._processes.metrics_url).get("braid_profiles_published_total", 0)
        return self._watch.n_read >= published and len(self._watch.revisions) == self.result.n_due

    def _account(self, metrics: Mapping[str, float]) -> float:
        result = self.result
        result.events_applied = int(metrics.get("braid_events_applied_total", 0))
        result.duplicates = int(metrics.get("braid_duplicates_total", 0))
        result.dead_letters = int(metrics.get("braid_dead_letters_total", 0))
        behind_horizon = metrics.get("braid_behind_dedup_horizon_total", 0)
        result.n_late = int(metrics.get("braid_late_events_total", 0) + behind_horizon)
        result.n_ignored = int(metrics.get("braid_ignored_events_total", 0))
        result.n_refused = int(metrics.get("braid_events_refused_total", 0))
        return result.n_accounted

    def _wait(self, step: TaskID, url: str, target: int, measure: Callable[[Mapping[str, float]], float]) -> int:
        """Poll metrics until the measure reaches the target or stands still for long; returns the last value."""
        value, moved_at_s = 0, time.monotonic()
        while value < target and time.monotonic() - moved_at_s < _PATIENCE_S:
            time.sleep(0.1)
            self._processes.check()
            now = int(measure(scrape(url)))
            if now > value:
                value, moved_at_s = now, time.monotonic()
            self._screen.update(step, value, self._note())
        return value

    def _note(self) -> str:
        assert self._watch is not None
        recent = sorted(self._watch.latencies_s[-500:])
        if not self._watch.revisions:
            return ""
        middle = f", {1000 * recent[len(recent) // 2]:.0f} ms to the profile" if recent else ""
        return f"{len(self._watch.revisions)} profiles{middle}"

    def _tell(self, publisher: Publisher) -> None:
        assert self._watch is not None
        served = Served(ApiClient(self._processes.api_url), self._watch.revisions)

        def send(event: CloudEvent) -> None:
            is_command = event["type"].startswith("identity.")
            publisher.send(identity_record(event) if is_command else to_record(event))
            publisher.flush()

        OnePerson(self._screen.console, served, self._simulation, send).tell()
        story = Story(self._screen.console, served, self._simulation)
        story.tell_people()
        story.tell_one_event(send)
        self.result.recommended = served.n_recommended


def _keep_serving(processes: DemoProcesses, screen: Screen) -> None:
    person = "shop linwei_88"
    screen.say(
        f"\nserving until Ctrl-C\n  console  {processes.api_url}/\n"
        f"  API      {processes.api_url}/docs\n  metrics  {processes.metrics_url}/metrics\n"
        f"next, in another terminal:\n"
        f"  export BRAID_API__PORT={processes.api_url.rpartition(':')[2]} "
        f"BRAID_KAFKA__BOOTSTRAP_SERVERS={processes.bootstrap_servers}\n"
        f"  .venv/bin/braid explain {person}\n"
        f"  .venv/bin/braid recommend {person} --to video\n"
        f"  .venv/bin/braid tail profiles\n"
        f"send your own event: .venv/bin/braid replay --shift my-events.jsonl   (docs/quickstart.md writes one)"
    )
    while not Event().wait(1.0):
        processes.check()
