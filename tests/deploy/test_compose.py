"""docker-compose.yml: right by its schema, in agreement with the settings, guarded, and nothing secret in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.brokers.maven import KAFKA_VERSION
from streams.canary import PLATFORM
from streams.domain.platforms import BUILT_IN
from streams.serve.access import check_exposure
from streams.serve.api_keys import KeyRing
from streams.settings import Settings
from tests.deploy.deployed import COMPOSE, DOCKERFILE, ROOT, UnsetError, compose

SECRETS = {
    "BRAID_PSEUDONYM__KEY": "0123456789abcdef",
    "BRAID_API__KEYS": '{"a-raw-key-of-a-test-0123456789": "read"}',
    "BRAID_INGEST_API__KEYS": '{"another-key-of-a-test-0123456789": "shop"}',
    "CANARY_KEY": "a-raw-key-of-a-test-0123456789",
    "GRAFANA_PASSWORD": "of-a-test",
}
PROMETHEUS = ROOT / "deploy/prometheus/prometheus.yml"
BRAID = ("topics", "worker", "serve", "canary", "ingest")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return compose(SECRETS)["services"]


def published(service: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(address, port on this machine, port in the container)."""
    split = [str(port).rsplit(":", 2) for port in service.get("ports", [])]
    return [(address, int(outside), int(inside)) for address, outside, inside in split]


def test_the_file_is_valid_by_the_compose_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.requirement("Q5")
def test_one_command_starts_everything_in_order(services: dict[str, Any]) -> None:
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for name in ("worker", "serve", "ingest"):
        assert services[name]["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    healthy = {"condition": "service_healthy"}
    assert services["canary"]["depends_on"] == {"worker": healthy, "serve": healthy}
    assert services["topics"]["restart"] == "no"


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_without_a_secret_nothing_starts_and_the_way_to_one_is_said(missing: str) -> None:
    with pytest.raises(UnsetError, match=f"^{missing} is not set, run sh deploy/compose/secrets.sh once$"):
        compose({name: value for name, value in SECRETS.items() if name != missing})


def test_no_secret_is_written_down() -> None:
    raw = yaml.safe_load(COMPOSE.read_text("utf-8"))
    for service in raw["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|PASSWORD|SECRET", name):
                assert re.fullmatch(r"\$\{\w+:\?.*\}", value), name


def test_the_example_names_exactly_what_must_be_set() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert {line.removesuffix("=") for line in lines if line.endswith("=") and line[0] != "#"} == set(SECRETS)


@pytest.mark.parametrize("name", BRAID)
def test_every_variable_of_a_service_is_a_setting_and_its_value_is_accepted(
    services: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    settings = Settings.load()
    settings.pseudonym_key()
    assert settings.kafka.bootstrap_servers == "kafka:9092"


def test_the_canary_flies_on_a_platform_of_its_own_that_the_workers_read(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in BRAID:
        monkeypatch.setenv("BRAID_TOPICS__PLATFORMS", services[name]["environment"]["BRAID_TOPICS__PLATFORMS"])
        assert Settings.load().topics.platforms == (*BUILT_IN, PLATFORM)
    asked = services["canary"]["environment"]
    assert (asked["BRAID_API__HOST"], asked["BRAID_API__PORT"]) == ("serve", services["serve"]["environment"]["BRAID_API__PORT"])


def test_serve_may_listen_where_it_is_told_to_because_it_has_keys(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services["serve"]["environment"].items():
        monkeypatch.setenv(variable, value)
    check_exposure(Settings.load().api.host, Settings.load().api.keys)


@pytest.mark.parametrize(
    ("name", "probed", "called"),
    [
        ("worker", "BRAID_METRICS__PORT", None),
        ("serve", "BRAID_API__PORT", "BRAID_API__PORT"),
        ("ingest", "BRAID_INGEST_API__OPERATOR_PORT", "BRAID_INGEST_API__PORT"),
        ("canary", "BRAID_METRICS__PORT", None),
    ],
)
def test_ports_agree_with_the_settings_the_health_check_and_prometheus(
    services: dict[str, Any], name: str, probed: str, called: str | None
) -> None:
    settings, exposed = services[name]["environment"], DOCKERFILE.read_text("utf-8")
    port = int(settings[probed])
    assert services[name]["healthcheck"]["test"] == ["CMD", "healthcheck", str(port)]
    assert {inside for _, _, inside in published(services[name])} == ({int(settings[called])} if called else set())
    assert str(port) in re.search(r"^EXPOSE (.*)$", exposed, re.MULTILINE)[1].split()
    assert f'"{port}"' in re.search(r"^HEALTHCHECK (.*)$", exposed, re.MULTILINE)[1]
    asked = yaml.safe_load(PROMETHEUS.read_text("utf-8"))["scrape_configs"]
    (where,) = [job["dns_sd_configs"][0] for job in asked if job["job_name"] == f"braid-{name}"]
    assert (where["names"], where["port"]) == ([name], port)


def test_everything_is_published_on_loopback_only(services: dict[str, Any]) -> None:
    ports = [(name, *port) for name, service in services.items() for port in published(service)]
    assert {address for _, address, _, _ in ports} == {"127.0.0.1"}
    assert len({outside for _, _, outside, _ in ports}) == len(ports) == 5


@pytest.mark.parametrize("name", ["kafka", *BRAID, "prometheus", "grafana"])
def test_every_service_is_guarded_and_bounded(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    if name != "kafka":  # its image writes its configuration at every start, as a user of its own
        assert service["read_only"] is True
        assert not service["user"].startswith("0")


def test_every_process_has_the_time_to_end_in_order(services: dict[str, Any]) -> None:
    longest_s = Settings().engine.transaction_timeout_s
    assert all(float(services[name]["stop_grace_period"].removesuffix("s")) > longest_s for name in BRAID)


def test_state_lies_on_volumes_where_the_settings_say(services: dict[str, Any]) -> None:
    volumes = compose(SECRETS)["volumes"]
    for name in ("worker", "serve"):
        source, target = services[name]["volumes"][0].split(":")
        assert target == services[name]["environment"]["BRAID_STATE_DIR"]
        assert source in volumes


def test_what_is_mounted_from_the_repository_is_there(services: dict[str, Any]) -> None:
    made_by_the_script = {"./deploy/compose/secrets"}
    mounted = [volume.split(":") for service in services.values() for volume in service.get("volumes", [])]
    bound = {source for source, *_ in mounted if source.startswith("./")} - made_by_the_script
    assert len(bound) == 4
    assert not [source for source in bound if not (ROOT / source).exists()]


def test_images_carry_a_version_and_kafka_is_the_one_of_the_tests(services: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in services.items() if name not in BRAID}
    assert images["kafka"] == f"apache/kafka:{KAFKA_VERSION}"
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images.values())


def test_prometheus_finds_rules_and_key_where_the_file_says_they_are(services: dict[str, Any]) -> None:
    configured, mounted = yaml.safe_load(PROMETHEUS.read_text("utf-8")), services["prometheus"]["volumes"]
    targets = {target: source for source, target, *_ in (volume.split(":") for volume in mounted)}
    assert targets["/etc/prometheus/prometheus.yml"] == f"./{PROMETHEUS.relative_to(ROOT)}"
    (rules,), (serve,) = configured["rule_files"], [job for job in configured["scrape_configs"] if job["job_name"] == "braid-serve"]
    assert targets[f"/etc/prometheus/{Path(rules).parent}"] == "./deploy/prometheus/rules"
    key = Path(serve["authorization"]["credentials_file"])
    assert (targets[f"/etc/prometheus/{key.parent}"], key.name) == ("./deploy/compose/secrets", "metrics-key")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_script_makes_secrets_that_work_once_and_never_replaces_them(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "compose").mkdir(parents=True)
    script = shutil.copy(ROOT / "deploy/compose/secrets.sh", tmp_path / "deploy/compose/secrets.sh")
    subprocess.run(["sh", script], check=True, capture_output=True)
    written = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    made = {name: value.strip("'") for name, value in written.items()}

    services = compose(made)["services"]
    ring = KeyRing(Settings(api={"keys": json.loads(services["serve"]["environment"]["BRAID_API__KEYS"])}).api.keys)
    keys = tmp_path / "deploy/compose/secrets"
    assert ring.find((keys / "admin-key").read_text().strip()).may("erase")
    assert not ring.find((keys / "metrics-key").read_text()).may("read")
    canary = ring.find(services["canary"]["environment"]["BRAID_API__KEY"])
    assert (canary.may("read"), canary.may("erase"), canary.may_ask_about("shop")) == (True, False, False)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert (keys / "admin-key").stat().st_mode & 0o077 == 0

    again = subprocess.run(["sh", script], check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert ".env is there already" in again.stderr
    assert written == dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
