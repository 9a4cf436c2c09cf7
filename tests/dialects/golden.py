"""What the gate makes of each dialect's sample events; `python -m tests.dialects.golden` writes it down anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from tests.support.cloud_events import NOON_S

HERE = Path(__file__).parent
PLATFORM = Platform("bazaar")
SECRET = b"0123456789abcdef"


def dialects() -> list[str]:
    return sorted(file.parent.name for file in HERE.glob("*/events.jsonl"))


def outcomes(dialect: str) -> Iterator[dict[str, Any]]:
    """One a sample, in order: the event in the contract's form and what counts of it, or why it does not count."""
    mappings = load_mappings(HERE / dialect)
    gate = Normaliser(SECRET, decoder_for(mappings), action_table(mappings))
    decode = decoder_for(mappings)(PLATFORM)
    for line in (HERE / dialect / "events.jsonl").read_text(encoding="utf-8").splitlines():
        record = RawRecord(None if line == "null" else line.encode(), (), NOON_S)
        batch = gate.normalise([record], PLATFORM)
        if batch.dead:
            yield {"outcome": "dead letter", "reason": batch.dead[0].reason, "detail": batch.dead[0].detail}
        elif batch.n_ignored:
            yield {"outcome": "left out"}
        elif batch.n_refused:
            yield {"outcome": "without consent"}
        else:
            ((_, event),) = batch.events
            said = {"outcome": "counts", "strength": round(event.strength, 4), "cloudevent": _plain(decode(record))}
            yield said | ({"text": event.text} if event.text else {}) | ({"traits": event.traits} if event.traits else {})


def golden(dialect: str) -> list[dict[str, Any]]:
    text = (HERE / dialect / "golden.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _plain(value: Any) -> Any:
    """The envelope as it would stand on the wire, without what is absent."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(inner) for name, inner in msgspec.structs.asdict(value).items() if not _is_absent(inner)}
    return json.loads(bytes(value)) if isinstance(value, msgspec.Raw) else value


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, msgspec.Raw) and not bytes(value))


def main() -> None:
    for dialect in dialects():
        lines = [json.dumps(outcome, ensure_ascii=False) + "\n" for outcome in outcomes(dialect)]
        (HERE / dialect / "golden.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
