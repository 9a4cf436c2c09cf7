"""Each check says what it saw and what to do; one that breaks or hangs hides none of the others."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from encoders.factory import EncoderSpec, build_encoder
from streams.brokers.topic_admin import Difference
from streams.check_parts import checks_of
from streams.checks import machine
from streams.checks.cluster import advertised, clock, topics
from streams.checks.encoding import encoder
from streams.checks.findings import Check, Finding, run_all
from streams.errors import Unavailable
from streams.settings import Ingest, Settings


class Usage(NamedTuple):
    free: int


MIB = 1 << 20


def statuses(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    found = list(findings)
    assert all(finding.remedy for finding in found if finding.status != "ok")
    return [(finding.name, finding.status) for finding in found]


def test_every_check_is_told_in_order_whatever_becomes_of_the_others() -> None:
    forever = threading.Event()

    def fine(name: str) -> Iterator[Finding]:
        yield Finding(name, "ok", "there")

    def missing() -> Iterator[Finding]:
        yield Finding("half", "ok", "begun")
        raise Unavailable("BRAID_X: not there; set it")

    def broken() -> Iterator[Finding]:
        raise ZeroDivisionError
        yield

    def hanging() -> Iterator[Finding]:
        yield Finding("seen", "ok", "before it hung")
        forever.wait()

    checks = [
        Check("missing", missing), Check("hanging", hanging), Check("broken", broken), Check("last", lambda: fine("last")),
    ]  # fmt: skip
    findings = run_all(checks, 0.3)
    forever.set()
    assert statuses(findings) == [
        ("half", "ok"), ("missing", "fail"), ("seen", "ok"), ("hanging", "fail"), ("broken", "fail"), ("last", "ok"),
    ]  # fmt: skip
    assert "BRAID_X" in findings[1].remedy


def test_an_old_python_is_a_fault() -> None:
    assert statuses(machine.python((3, 10))) == [("python", "fail")]
    assert statuses(machine.python()) == [("python", "ok")]


def test_packages_are_held_against_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ["numpy>=1", "nosuch-package>=1", "msgspec<0.1", "gone; extra == 'more'", "rich; extra == 'nice'"]
    told = SimpleNamespace(get_all=lambda _: ["more", "nice"])
    monkeypatch.setattr(machine.importlib.metadata, "requires", lambda _: declared)
    monkeypatch.setattr(machine.importlib.metadata, "metadata", lambda _: told)
    packages, extras = list(machine.packages())
    assert (packages.status, extras.said) == ("fail", "installed: nice; others: more")
    assert "nosuch-package is missing" in packages.said
    assert "msgspec" in packages.said
    assert "numpy" not in packages.said


def test_without_an_installation_packages_are_not_judged() -> None:
    assert statuses(machine.packages("no-such-distribution")) == [("packages", "warn")]


@pytest.mark.parametrize(
    ("free_mib", "status"), [(2_000, "ok"), (520, "warn"), (100, "fail")]
)
def test_the_disk_is_held_against_what_may_still_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, status: str
) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "x").write_bytes(bytes(20 * MIB))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: Usage(free_mib * MIB))
    assert statuses(machine.disk(tmp_path, 512 * MIB, 128 * MIB)) == [("state folder", "ok"), ("disk", status)]


def test_a_state_folder_that_cannot_be_written_is_a_fault_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert statuses(machine.disk(tmp_path / "file", 0, 0)) == [("state folder", "fail")]
    assert statuses(machine.disk(tmp_path / "new" / "state", 0, 0))[0] == ("state folder", "ok")
    assert not (tmp_path / "new").exists()


def test_a_broker_that_sends_its_clients_elsewhere_is_named_with_that_address() -> None:
    brokers = {1: SimpleNamespace(id=1, host="kafka-1", port=9092), 2: SimpleNamespace(id=2, host="inner", port=9093)}

    def connect(address: tuple[str, int], _timeout_s: float) -> Any:
        if address[0] == "inner":
            raise OSError("name not known")
        return SimpleNamespace(close=lambda: None)

    findings = list(advertised(SimpleNamespace(brokers=brokers), connect))
    assert [finding.status for finding in findings] == ["ok", "fail"]
    assert "inner:9093" in findings[1].said
    assert "advertised.listeners" in findings[1].remedy


def test_topics_that_differ_fail_and_those_that_cannot_be_verified_only_warn() -> None:
    missing = Difference("items", "topic", "present", "missing")
    untold = Difference("items", "settings", "as declared", "the embedded broker keeps no settings", "unverified")
    assert statuses(topics([missing, untold], 9)) == [("topics", "fail"), ("topics", "warn")]
    assert statuses(topics([untold], 9)) == [("topics", "warn")]
    assert statuses(topics([], 9)) == [("topics", "ok")]


@pytest.mark.parametrize(
    ("newest_s", "status", "said"),
    [(None, "warn", "no record"), (1_030.0, "fail", "30.0 s behind"), (1_000.5, "ok", "0 s old"), (400.0, "ok", "600 s old")],
)
def test_a_clock_that_is_behind_the_newest_record_is_wrong(newest_s: float | None, status: str, said: str) -> None:
    (finding,) = clock(newest_s, 1_000.0)
    assert (finding.status, said in finding.said) == (status, True)


def test_a_degraded_encoder_is_a_warning_and_one_that_does_not_load_is_a_fault() -> None:
    def absent() -> Any:
        raise Unavailable("BRAID_ENCODER__MODEL: no such model; name another")

    hashed = lambda: build_encoder(EncoderSpec("hashed"))  # noqa: E731
    assert statuses(encoder(hashed, lambda: "cpu")) == [("encoder", "warn"), ("device", "ok")]
    (finding,) = run_all([Check("encoder", lambda: encoder(absent, lambda: "cpu"))], 5.0)
    assert (finding.status, "BRAID_ENCODER__MODEL" in finding.remedy) == ("fail", True)


MAPPING = """
[envelope]
id = "id"
source = "app"
type = "kind"
time = "at"

[actions."book.borrowed"]
needs = ["item"]
"""


def mapping_findings(folder: Path) -> list[Finding]:
    checks = checks_of(Settings(ingest=Ingest(mappings_dir=str(folder))), "worker")
    return run_all([check for check in checks if check.name == "mapping files"], 10)


def test_mapping_files_are_read_before_a_start(tmp_path: Path) -> None:
    assert mapping_findings(tmp_path) == []
    (tmp_path / "shelf.toml").write_text(MAPPING, encoding="utf-8")
    assert mapping_findings(tmp_path) == [Finding("mapping files", "ok", "shelf")]


@pytest.mark.parametrize("fault", [MAPPING.replace('["item"]', '"item"'), MAPPING.replace("id =", "ids ="), "no table"])
def test_a_mapping_file_that_no_worker_would_take_fails(tmp_path: Path, fault: str) -> None:
    (tmp_path / "shelf.toml").write_text(fault, encoding="utf-8")
    (finding,) = mapping_findings(tmp_path)
    assert finding.status == "fail"
    assert "shelf.toml" in finding.remedy


def test_two_mapping_files_that_disagree_on_an_action_fail(tmp_path: Path) -> None:
    (tmp_path / "shelf.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "stack.toml").write_text(MAPPING + "weight = 2.0\n", encoding="utf-8")
    assert statuses(mapping_findings(tmp_path)) == [("mapping files", "fail")]
