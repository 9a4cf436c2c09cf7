"""All commands of `braid`, and what their failures look like."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from streams.cli import dead_letters, encoder, keys, models, segments, state, topics
from streams.cli.broker import broker
from streams.cli.canary import canary
from streams.cli.check import check
from streams.cli.demo.command import demo
from streams.cli.evaluate import evaluate
from streams.cli.ingest import ingest
from streams.cli.lexicon import lexicon
from streams.cli.mirror import mirror
from streams.cli.person import explain, export, forget, history, profile, recommend
from streams.cli.read import read
from streams.cli.replay import replay
from streams.cli.rights import rights
from streams.cli.serve import serve
from streams.cli.tail import tail
from streams.cli.train import train
from streams.cli.worker import worker
from streams.errors import BraidError, UsageError

EXIT_FAILURE = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="braid",
    help="One live profile per person, woven from what the person does on every platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (demo, worker, serve, broker, replay, tail, profile, recommend, explain, history, export, forget):
    app.command()(command)
app.command()(ingest)
app.command()(mirror)
app.command()(check)
app.command()(rights)
app.command()(canary)
app.command()(lexicon)
app.command()(read)
app.command()(evaluate)
app.command()(train)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(encoder.app, name="encoder")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(segments.app, name="segments")
app.add_typer(state.app, name="state")
app.add_typer(topics.app, name="topics")


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a failure."),
) -> None:
    """Set BRAID_* variables or braid.toml for settings; see docs/configuration.md."""
    _Debug.on = debug


class _Debug:
    on = False


def run() -> NoReturn:
    """Run the command that the arguments name and leave the process with its exit code."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except TyperException as error:
        _show_usage(error)
        sys.exit(EXIT_WRONG_USE)
    except BraidError as error:
        _show(error)
        sys.exit(error.exit_code if isinstance(error, UsageError) else EXIT_FAILURE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line of defence between a fault and a traceback
        _show(error)
        sys.exit(EXIT_FAILURE)
    sys.exit(code if isinstance(code, int) else 0)


def _show_usage(error: TyperException) -> None:
    show = getattr(error, "show", None)
    if show is not None:
        show()
    else:
        print(f"braid: {error}", file=sys.stderr)  # noqa: T201


def _show(error: Exception) -> None:
    if _Debug.on:
        raise error
    name = "" if isinstance(error, BraidError) else f"{type(error).__name__}: "
    print(f"braid: {name}{error}", file=sys.stderr)  # noqa: T201
    if not isinstance(error, BraidError):
        print("braid: this is a bug or a fault of the machine; `braid --debug ...` shows where", file=sys.stderr)  # noqa: T201
