"""deploy/kubernetes: valid for the last three minor versions, in agreement with the settings, as guarded as can be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from streams.settings import Settings
from streams.telemetry.metrics import DECLARED
from tests.deploy.deployed import (
    KUBERNETES,
    ROOT,
    kustomization,
    manifest,
    manifests,
    pod_of,
    project,
    settings_map,
    workloads,
)

PAGE = (ROOT / "docs/operate.md").read_text("utf-8")
#: Custom resources: the validator has no schema of theirs.
CUSTOM = {"ScaledObject", "PodMonitor", "ServiceMonitor"}
BUILT_IN = [document for document in manifests() if document["kind"] not in CUSTOM]
SERVED = [each for each in workloads() if each["kind"] != "Job"]


def name_of(document: dict[str, Any]) -> str:
    return f"{document['kind']}-{document['metadata']['name']}"


def newest_minors(count: int) -> list[str]:
    minors = {tuple(map(int, version.split(".")[:2])) for version in all_versions()}
    return [f"{major}.{minor}" for major, minor in sorted(minors)[-count:]]


def container_of(document: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod_of(document)["containers"]
    return container


def ports_of(document: dict[str, Any]) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container_of(document)["ports"]}


def environment_of(document: dict[str, Any]) -> dict[str, str]:
    """As the pod gets it; a name of the pod stands for itself."""
    name = document["metadata"]["name"]
    own = {each["name"]: each.get("value", f"{name}-0") for each in container_of(document).get("env", [])}
    return settings_map() | own


@pytest.mark.parametrize("version", newest_minors(3))
@pytest.mark.parametrize("document", BUILT_IN, ids=name_of)
def test_a_manifest_is_valid_for_this_version_of_kubernetes(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_the_validator_refuses_what_is_wrong() -> None:
    wrong = json.loads(json.dumps(manifest("Deployment", "serve")))
    wrong["spec"]["replicas"] = "2"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, newest_minors(1)[0], strict=True)


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in (KUBERNETES, KUBERNETES / "monitoring", KUBERNETES / "autoscaling"):
        files = {file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert files == set(kustomization(folder)["resources"])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_overlay_of_the_page_builds_with_all_components(tmp_path: Path) -> None:
    (overlay,) = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "kind: Kustomization" in block]
    shutil.copytree(KUBERNETES, tmp_path / "braid/deploy/kubernetes")
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay/kustomization.yaml").write_text(overlay)
    built = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path / "overlay")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    documents = list(yaml.safe_load_all(built.stdout))
    assert len(documents) == len(manifests()) + 1  # and the config map
    assert {each["metadata"].get("namespace") for each in documents if each["kind"] != "Namespace"} == {"braid"}
    (settings,) = [each["data"] for each in documents if each["kind"] == "ConfigMap"]
    assert settings == settings_map() | {"BRAID_KAFKA__BOOTSTRAP_SERVERS": "kafka-1.example.com:9092"}
    images = {container_of(each)["image"] for each in documents if each["kind"] in {"StatefulSet", "Deployment", "Job"}}
    assert images == {f"registry.example.com/braid-profiles:{project()['project']['version']}"}


def test_the_page_makes_every_secret_that_is_asked_for() -> None:
    made = set(re.findall(r"create secret generic (\S+)", PAGE))
    sources = [source for document in workloads() for source in container_of(document)["envFrom"]]
    assert made == {source["secretRef"]["name"] for source in sources if "secretRef" in source} | {"braid-metrics"}


def test_every_variable_is_a_setting_and_every_value_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for document in workloads():
        with monkeypatch.context() as one:
            for name, value in environment_of(document).items():
                one.setenv(name, value)
            Settings.load()


@pytest.mark.parametrize("document", workloads(), ids=name_of)
def test_a_pod_may_do_as_little_as_the_restricted_standard_demands(document: dict[str, Any]) -> None:
    pod, container = pod_of(document), container_of(document)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"]["cpu"]
    dockerfile = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" in dockerfile


@pytest.mark.requirement("Q5")
@pytest.mark.parametrize("document", SERVED, ids=name_of)
def test_probes_ask_the_right_question_at_a_port_that_is_open(document: dict[str, Any]) -> None:
    container = container_of(document)
    asked = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe: get["path"] for probe, get in asked.items()} == {
        "startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"
    }  # fmt: skip
    assert {get["port"] for get in asked.values()} <= set(ports_of(document))


def test_ports_are_those_of_the_settings_and_of_the_services() -> None:
    variables = {
        "worker": {"metrics": "BRAID_METRICS__PORT"},
        "serve": {"http": "BRAID_API__PORT"},
        "ingest": {"http": "BRAID_INGEST_API__PORT", "metrics": "BRAID_INGEST_API__OPERATOR_PORT"},
    }
    for document in SERVED:
        name = document["metadata"]["name"]
        assert ports_of(document) == {
            port: int(environment_of(document)[variable]) for port, variable in variables[name].items()
        }
        service = manifest("Service", name)["spec"]
        assert {port["port"] for port in service["ports"]} == set(ports_of(document).values())
        assert service["selector"].items() <= document["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.requirement("Q2")
def test_a_worker_keeps_its_name_and_its_disk() -> None:
    worker = manifest("StatefulSet", "worker")
    (name,) = [each for each in container_of(worker)["env"] if each["name"] == "BRAID_KAFKA__GROUP_INSTANCE_ID"]
    assert name["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    (claim,) = worker["spec"]["volumeClaimTemplates"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container_of(worker)["volumeMounts"]}
    assert mounted[claim["metadata"]["name"]] == settings_map()["BRAID_STATE_DIR"]
    assert worker["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert worker["spec"]["serviceName"] == manifest("Service", "worker")["metadata"]["name"]
    assert "replicas" not in worker["spec"]


def test_a_worker_has_the_time_to_end_in_order() -> None:
    longest_s = Settings().engine.transaction_timeout_s
    assert pod_of(manifest("StatefulSet", "worker"))["terminationGracePeriodSeconds"] > longest_s


@pytest.mark.parametrize("document", SERVED, ids=name_of)
def test_at_most_one_pod_of_a_kind_is_taken_away_at_once(document: dict[str, Any]) -> None:
    budget = manifest("PodDisruptionBudget", document["metadata"]["name"])["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == document["spec"]["selector"]


def test_everything_is_closed_but_for_what_the_policies_open() -> None:
    closed = manifest("NetworkPolicy", "closed")["spec"]
    assert (closed["podSelector"], closed["policyTypes"]) == ({}, ["Ingress", "Egress"])
    opened = [document["spec"] for document in manifests() if document["kind"] == "NetworkPolicy"]
    inwards = {port["port"] for spec in opened for rule in spec.get("ingress", []) for port in rule["ports"]}
    assert inwards == {port for document in SERVED for port in ports_of(document).values()}


@pytest.mark.requirement("Q2", "Q3")
def test_workers_are_scaled_by_the_age_of_the_oldest_event_as_braid_measures_it() -> None:
    scaled = manifest("ScaledObject", "worker")["spec"]
    assert scaled["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "worker"}
    (trigger,) = scaled["triggers"]
    named = set(re.findall(r"braid_\w+", trigger["metadata"]["query"]))
    assert named == {"braid_oldest_unapplied_seconds"}
    assert named <= {metric.name for metric in DECLARED}
    assert (trigger["type"], trigger["metricType"]) == ("prometheus", "Value")
    assert float(trigger["metadata"]["threshold"]) > 0
    assert scaled["maxReplicaCount"] == int(settings_map()["BRAID_TOPICS__PARTITIONS"])
    behaviour = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] > behaviour["scaleUp"]["stabilizationWindowSeconds"]


def test_monitors_find_the_pods_and_ports_they_are_for() -> None:
    (worker,) = manifest("PodMonitor", "worker")["spec"]["podMetricsEndpoints"]
    assert worker["port"] in ports_of(manifest("StatefulSet", "worker"))
    for name in ("serve", "ingest"):
        monitor, service = manifest("ServiceMonitor", name)["spec"], manifest("Service", name)
        assert monitor["selector"]["matchLabels"] == service["metadata"]["labels"]
        (endpoint,) = monitor["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        assert endpoint["path"] == "/metrics"
        assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": f"braid-{name}"}]
    assert worker["relabelings"] == [{"targetLabel": "job", "replacement": "braid-worker"}]
    (serve,) = manifest("ServiceMonitor", "serve")["spec"]["endpoints"]
    assert serve["authorization"]["credentials"] == {"name": "braid-metrics", "key": "key"}


def test_no_secret_is_part_of_it() -> None:
    assert "Secret" not in {document["kind"] for document in manifests()}
    assert not [name for name in settings_map() if re.search("KEY|PASSWORD", name)]


def test_the_image_is_of_this_release() -> None:
    (image,) = kustomization()["images"]
    assert image["newTag"] == project()["project"]["version"]
    assert {container_of(document)["image"] for document in workloads()} == {image["name"]}
