"""Packages of npm are taken only if they are what was pinned, with their licences."""

from __future__ import annotations

import io
import os
import tarfile
import tomllib
from base64 import b64encode
from hashlib import sha512
from pathlib import Path

import pytest

from streams.console import vendoring
from streams.console.vendoring import PINS

PACKAGES = tomllib.loads(PINS.read_text("utf-8"))["package"]


def an_archive(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return packed.getvalue()


class Npm:
    """What the registry hands out, by a program of this name in front of every other."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._archive = folder / "archive"
        self.vendor = folder / "console" / "vendor"
        self.called = folder / "called"
        self._pins = folder / "vendor.toml"
        program = folder / "npm"
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.called}\ncp {self._archive} thing-1.0.0.tgz\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(vendoring, "PINS", self._pins)
        monkeypatch.setattr(vendoring, "HERE", folder / "streams" / "console")
        monkeypatch.setattr(vendoring, "VENDOR", folder / "streams" / "console" / "vendor")
        self.target = folder / "streams" / "console" / "vendor" / "thing-1.0.0"

    def offers(self, archive: bytes, *, pinned: bytes | None = None) -> None:
        self._archive.write_bytes(archive)
        digest = b64encode(sha512(archive if pinned is None else pinned).digest()).decode()
        self._pins.write_text(
            f'[[package]]\nname = "thing"\nversion = "1.0.0"\nsha512 = "{digest}"\nfiles = ["dist/thing.js", "LICENSE"]\n'
        )


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    return Npm(tmp_path, monkeypatch)


GOOD = an_archive({"dist/thing.js": "1", "LICENSE": "MIT", "dist/other.js": "2"})


def test_the_files_that_are_named_are_taken_and_no_others(npm: Npm) -> None:
    npm.offers(GOOD)
    assert vendoring.main() == 0
    assert {file.name for file in npm.target.iterdir()} == {"thing.js", "LICENSE"}
    assert npm.called.read_text().split() == ["pack", "thing@1.0.0", "--silent"]


def test_what_is_there_is_not_fetched_again(npm: Npm) -> None:
    npm.offers(GOOD)
    assert vendoring.main() == vendoring.main() == 0
    assert len(npm.called.read_text().splitlines()) == 1


def test_a_file_that_is_named_no_more_goes(npm: Npm) -> None:
    npm.offers(GOOD)
    assert vendoring.main() == 0
    (npm.target / "other.js").write_text("2")
    assert vendoring.main() == 0
    assert {file.name for file in npm.target.iterdir()} == {"thing.js", "LICENSE"}


def test_a_package_that_is_not_what_was_pinned_is_not_unpacked(npm: Npm, capsys: pytest.CaptureFixture[str]) -> None:
    npm.offers(an_archive({"dist/thing.js": "bad", "LICENSE": "MIT"}), pinned=GOOD)
    assert vendoring.main() == 1
    assert "do not use it" in capsys.readouterr().err
    assert not npm.target.exists()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package["name"]))
def test_every_pinned_package_is_here_with_its_licence(package) -> None:
    files = {file.name for file in vendoring._target(package).iterdir()}
    assert files == {Path(name).name for name in package["files"]}
    assert any(name.startswith("LICENSE") for name in files)


def test_nothing_lies_in_the_folder_that_is_not_pinned() -> None:
    pinned = {f"{package['name']}-{package['version']}" for package in PACKAGES if package.get("into") != "tests"}
    assert {folder.name for folder in vendoring.VENDOR.iterdir()} == pinned
