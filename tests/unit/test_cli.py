"""The command line's manners: help with an example, wrong use is 2, a failure is 1, and never a traceback unasked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streams.cli.commands import app

COMMANDS = [
    "canary", "demo", "evaluate", "worker", "serve", "broker", "replay", "tail", "mirror", "profile", "recommend", "explain", "history", "topics apply",
    "topics check", "topics upgrade", "dead-letters list", "dead-letters show", "dead-letters retry", "state snapshot",
    "state restore", "keys new", "keys hash", "keys write", "rights", "check", "segments check", "ingest", "lexicon", "read",
]  # fmt: skip


def braid(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "streams", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    app([*command.split(), "--help"], standalone_mode=False)
    assert "Example: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["recommend", "shop"], ["demo", "--people", "1"], ["nosuch"], ["tail", "profiles", "--nope"], ["worker", "--only", "x"]],
)
def test_wrong_use_exits_with_2_and_says_what_was_wrong(arguments):
    done = braid(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_failure_shows_its_traceback_only_when_asked():
    quiet = braid("profile", "shop", "me")
    loud = braid("--debug", "profile", "shop", "me")
    assert (quiet.returncode, loud.returncode) == (1, 1)
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
