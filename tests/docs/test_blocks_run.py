"""Every shell block of the documentation is run as it stands there: here, by a test of its own, or it says why it cannot be.

Here: by bash, beside one Braid on an embedded broker. Commands that run until they are stopped are stopped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.browser.stage import PLATFORMS, Stage
from tests.docs.pages import ROOT, SHELL, Block, Page, blocks, braid_in

LIMIT_S: Final = 180
#: A command that goes on until it is stopped is stopped once it has said something; its exit status counts.
STOPPED_ONCE_IT_SAYS: Final = """
stopped_once_it_says() {
  local words="$1" tries=900; shift
  : > running.log  # now, not when the command begins: the words of the one before would stand for its own
  "$@" > running.log 2>&1 & local started=$!
  until grep -q -- "$words" running.log || [ $((tries--)) -eq 0 ] || ! kill -0 $started 2> /dev/null; do sleep 0.1; done
  kill -TERM $started || true
  wait $started && cat running.log || { cat running.log; return 1; }
}
"""


@dataclass(frozen=True)
class Run:
    """says: words of what it prints. replaced: what on the page stands for the reader's own.

    running: beginning of a line that goes on until stopped, and what it says when it runs. before: such a line, first.
    """

    says: tuple[str, ...]
    replaced: Mapping[str, str] = field(default_factory=dict)
    running: Mapping[str, str] = field(default_factory=dict)
    before: str = ""


WORKER_RUNS: Final = "stage_ready"
#: By (page, first words of the block). `{…}` is filled in by the fixture `here`.
RUN: Final = {
    ("README.md", "export BRAID_KAFKA__BOOTSTRAP_SERVERS=kafka-1:9092"): Run(
        says=("topics created",),
        replaced={
            "kafka-1:9092": "{bootstrap}",
            "BRAID_PSEUDONYM__KEY=...": "BRAID_API__PORT=0 BRAID_PSEUDONYM__KEY={BRAID_PSEUDONYM__KEY}",
            "MODEL=minilm": "MODEL=hashed",  # tests/integration/test_encoder_minilm.py has the other
            ".venv/bin/braid": "braid",
        },
        running={"braid worker": WORKER_RUNS, "braid serve": "API     http"},
    ),
    ("docs/consume.md", "braid mirror "): Run(
        says=("crm",), running={"braid mirror  ": "metrics", "braid mirror --vectors": "metrics"}
    ),
    ("docs/monitoring.md", "export BRAID_TOPICS__PLATFORMS="): Run(
        says=("from Kafka to an HTTP answer",), running={"braid canary --every": "metrics"}
    ),
    ("docs/quickstart.md", "export BRAID_API__PORT=8080"): Run(says=(), replaced={"127.0.0.1:...": "{bootstrap}"}),
    ("docs/profiles.md", "export BRAID_PROFILE__ACTION_HALF_LIVES_DAYS"): Run(says=("settings: all known",)),
    ("docs/reliability.md", "braid dead-letters list"): Run(
        says=("unknown_type", "0 of 1 letters would be taken"), replaced={"events.shop/0/17": "{letter}"}
    ),
    ("docs/security.md", "braid keys new"): Run(says=("braid_", "sha256:")),
    ("docs/security.md", "export BRAID_KAFKA__SECURITY_PROTOCOL"): Run(says=()),
    ("docs/mcp.md", ".venv/bin/braid keys new"): Run(says=("braid_", "sha256:"), replaced={".venv/bin/braid": "braid"}),
    ("docs/segments.md", "braid segments check"): Run(says=("trail_runners",)),
    ("docs/upgrade.md", "braid state snapshot"): Run(
        says=("kept in", "restored to"),
        replaced={"/backup": "{folder}/backup", "braid state restore": 'rm -r "$BRAID_STATE_DIR"; braid state restore'},
        running={"braid worker": WORKER_RUNS},
        before="braid worker",
    ),
}
#: The test that runs it.
ELSEWHERE: Final = {
    ("README.md", "make demo"): "tests/acceptance/test_demo.py",
    ("docs/quickstart.md", "make demo"): "tests/acceptance/test_demo.py",
    ("docs/quickstart.md", "cat > my-events.jsonl"): "tests/docs/test_quickstart.py",
    ("docs/quickstart.md", ".venv/bin/braid profile"): "tests/docs/test_quickstart.py",
    ("docs/quickstart.md", "cat > my-links.jsonl"): "tests/docs/test_quickstart.py",
    ("docs/quickstart.md", "cat > my-unlinks.jsonl"): "tests/docs/test_quickstart.py",
    ("docs/add-platform.md", ""): "tests/docs/test_add_platform.py",
    ("docs/ingest.md", ""): "tests/unit/test_ingest_page.py",
    ("docs/evaluation.md", "braid evaluate"): "tests/unit/evaluation/test_evaluate_command.py",
    ("docs/ranking.md", "braid train"): "tests/unit/training/test_train_command.py",
}
#: What it needs that tests have not.
NOT_HERE: Final = {
    ("docs/operate.md", "sh deploy/compose/secrets.sh"): "a container engine; tests/deploy starts the services on the host",
    ("docs/operate.md", "docker build"): "a container engine",
    ("docs/operate.md", "kubectl"): "a cluster",
    ("docs/mcp.md", ".venv/bin/uv pip install"): "an environment of its own",
    ("docs/security.md", "kafka-acls.sh"): "Kafka's own scripts; tests hold the rights to a secured broker",
}


def key_of(block: Block) -> list[tuple[str, str]]:
    known = [*RUN, *ELSEWHERE, *NOT_HERE]
    return [key for key in known if key[0] == block.page and block.shell.startswith(key[1])]


def script_of(block: Block, run: Run, here: Mapping[str, str]) -> str:
    text = block.shell
    for said, meant in run.replaced.items():
        assert said in text, f"{block}: {said} stands there no more"
        text = text.replace(said, meant.format_map(here))
    lines = [run.before, *text.splitlines()]
    return STOPPED_ONCE_IT_SAYS + "\n".join(_stopped(line, run.running) for line in lines)


def _stopped(line: str, running: Mapping[str, str]) -> str:
    words = next((words for beginning, words in running.items() if line.startswith(beginning)), "")
    return f"stopped_once_it_says '{words}' {line}" if words else line


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the placeholders of the pages stand for; a Braid is running, and one dead letter lies there."""
    folder = tmp_path_factory.mktemp("pages")
    (toml,) = [block for block in Page("docs/segments.md").blocks if block.language == "toml"]
    (folder / "segments.toml").write_text(toml.text, encoding="utf-8")
    braid_in(folder / "bin")
    platforms = str([*PLATFORMS, "canary"]).replace("'", '"')
    with Stage({"BRAID_TOPICS__PLATFORMS": platforms}) as stage:
        stage.did("ann", "shop.nothing.known")
        known = {"bootstrap": stage.bootstrap, "folder": str(folder)}
        known |= {name: value for name, value in stage._environment().items() if name.startswith("BRAID_")}
        stage.eventually(lambda: known.update(letter=letter_of(known)) or True)
        yield known
        for name in ("serve", "worker"):
            stage.stop(name)


def letter_of(here: Mapping[str, str]) -> str:
    """The place of the one dead letter."""
    return str(json.loads(bash(here, "braid tail dead-letters --until-end --json")[1].splitlines()[0])["key"])


def bash(here: Mapping[str, str], script: str) -> tuple[int, str]:
    """(exit status, what was printed)."""
    folder = Path(here["folder"])
    settings = {name: value for name, value in here.items() if name.startswith("BRAID_")}
    own = {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder), "COLUMNS": "200",
        "BRAID_METRICS__PORT": "0", "BRAID_STATE_DIR": str(folder / "state"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=settings | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in blocks(*SHELL) if key_of(block)[:1] and key_of(block)[0] in RUN], ids=str)
def test_a_block_does_what_the_page_says(block: Block, here: dict[str, str]) -> None:
    run = RUN[key_of(block)[0]]
    status, printed = bash(here, script_of(block, run, here))
    assert status == 0, printed
    assert [words for words in run.says if words not in printed] == [], printed


def test_every_shell_block_is_run_or_says_why_not() -> None:
    assert {str(block): key_of(block) for block in blocks(*SHELL) if len(key_of(block)) != 1} == {}
    used = {key for block in blocks(*SHELL) for key in key_of(block)}
    assert {*RUN, *ELSEWHERE, *NOT_HERE} - used == set()


@pytest.mark.parametrize("file", sorted(set(ELSEWHERE.values())))
def test_what_runs_blocks_elsewhere_is_there(file: str) -> None:
    assert (ROOT / file).is_file()
