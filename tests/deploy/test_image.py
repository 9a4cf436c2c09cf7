"""The image: what its linter says of the Dockerfile, what it is built from, and that the wheel holds all of Braid."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import Metrics
from streams.telemetry.operator_port import OperatorPort
from tests.deploy.deployed import DOCKERFILE, ROOT, project

SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [str(SCRIPTS / "uv"), "build", "--wheel", "--out-dir", str(folder), str(ROOT)], check=True, capture_output=True
    )
    (file,) = folder.glob("braid_profiles-*.whl")
    return set(zipfile.ZipFile(file).namelist())


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    linted = subprocess.run([str(SCRIPTS / "hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_the_image_runs_as_nobody_in_particular_and_asks_no_fixed_index() -> None:
    text = DOCKERFILE.read_text("utf-8")
    last = text.rsplit("\nUSER ", 1)[1]
    assert re.match(r"\d+:\d+\n", last)
    assert 'ENTRYPOINT ["braid"]' in last
    assert "://" not in text
    assert re.search(r'^ARG TORCH_INDEX=""$', text, re.MULTILINE)


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_both_variants_have_a_stage(variant: str) -> None:
    assert re.search(rf"^FROM \S+ AS runtime-{variant}$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)


def test_what_the_dockerfile_copies_passes_the_ignore_file() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert {"deploy/healthcheck.py", "constraints.txt", "pyproject.toml", "README.md", "LICENSE"} <= allowed
    assert set(project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= allowed
    assert not [name for name in allowed if not (ROOT / name).exists()]


def test_the_wheel_holds_every_file_of_the_packages(wheel: set[str]) -> None:
    made = re.compile(r"__pycache__|static/vendor/")
    packages = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = {
        str(file.relative_to(ROOT))
        for package in packages
        for file in (ROOT / package).rglob("*")
        if file.is_file() and not made.search(str(file))
    }
    assert not files - wheel


@pytest.mark.parametrize(
    "name",
    [
        "streams/console/templates/layout.html",
        "streams/console/static/console.css",
        "streams/console/static/vendor/htmx.org-4.0.1/htmx.min.js",
        "streams/console/static/vendor/swagger-ui-dist-5.35.0/swagger-ui-bundle.js",
        "streams/ranking/reranker.npz",
        "streams/meaning/weights/sentiment.npz",
        "streams/meaning/taxonomy.toml",
        "streams/mappings/segment.toml",
        "streams/simulation/material/common.toml",
    ],
)
def test_the_wheel_holds_what_is_not_code(wheel: set[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    metadata = f"braid_profiles-{project()['project']['version']}.dist-info"
    assert {name.split("/")[0] for name in wheel} == {"streams", "encoders", "index", metadata}


class Probed:
    """A worker's operator port whose readiness the test decides."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.port = OperatorPort(Metrics().host, 0, lambda: self.missing)


@pytest.fixture
def probed() -> Iterator[Probed]:
    made = Probed()
    yield made
    made.port.close()


def checked(*ports: int) -> int:
    return subprocess.run([sys.executable, str(ROOT / "deploy/healthcheck.py"), *map(str, ports)], check=False).returncode


def test_the_health_check_passes_when_one_of_its_ports_is_ready(probed: Probed) -> None:
    assert checked(probed.port.port) == 0
    assert checked(1, probed.port.port) == 0


def test_the_health_check_fails_while_something_is_missing_and_where_nobody_listens(probed: Probed) -> None:
    probed.missing = ["profile"]
    assert checked(probed.port.port) == 1
    assert checked(1) == 1
    assert checked() == 1
