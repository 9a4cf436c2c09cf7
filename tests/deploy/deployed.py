"""The files that say how Braid is run, read as the tools read them: compose after interpolation, Kubernetes as rendered."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
KUBERNETES = ROOT / "deploy" / "kubernetes"
#: `${NAME}`, `${NAME:-default}`, `${NAME:?what to do}`.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")


class UnsetError(Exception):
    """A variable that the file insists on; compose ends with the same words."""


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """As compose does it; empty counts as unset, as `:-` and `:?` say."""

    def value_of(match: re.Match[str]) -> str:
        value = variables.get(match["name"], "")
        if not value and match["kind"] == "?":
            raise UnsetError(f"{match['name']} {match['text']}")
        return value or (match["text"] if match["kind"] == "-" else "")

    return _VARIABLE.sub(value_of, text)


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """docker-compose.yml with these variables."""

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        return interpolated(node, variables) if isinstance(node, str) else node

    return filled(yaml.safe_load(COMPOSE.read_text("utf-8")))


@cache
def manifests() -> tuple[dict[str, Any], ...]:
    """Every document below deploy/kubernetes but the kustomizations."""
    files = [file for file in sorted(KUBERNETES.rglob("*.yaml")) if file.name != "kustomization.yaml"]
    return tuple(document for file in files for document in yaml.safe_load_all(file.read_text("utf-8")))


def manifest(kind: str, name: str) -> dict[str, Any]:
    """The one document of this kind and name."""
    (found,) = (each for each in manifests() if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def kustomization(folder: Path = KUBERNETES) -> dict[str, Any]:
    """What a folder's kustomization.yaml says."""
    return yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))


def pod_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The pod of a StatefulSet, Deployment or Job."""
    return document["spec"]["template"]["spec"]


def workloads() -> list[dict[str, Any]]:
    """Everything that runs pods."""
    return [each for each in manifests() if each["kind"] in {"StatefulSet", "Deployment", "Job"}]


def settings_map() -> dict[str, str]:
    """The config map that every pod reads."""
    (generated,) = kustomization()["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in generated["literals"])


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
