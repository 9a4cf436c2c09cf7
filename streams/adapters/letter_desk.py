"""Dead letters for who works on them: the latest followed into memory, each read by its offset, redriven, ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.adapters.confirmed_writer import ConfirmedWriter, Written
from streams.adapters.record_reader import RecordReader
from streams.adapters.topic_follower import Batch, TopicFollower
from streams.domain.dead_letters import DeadLetter, Original, decode_dead_letter, is_letter, opened
from streams.domain.refused_fields import field_of
from streams.domain.topic_names import DEAD_LETTERS_PARTITION
from streams.errors import CorruptState, Unavailable
from streams.ports import Clock
from streams.service.letter_box import MAX_LETTERS, LetterBox, LetterLine

REQUEST_S: Final = 2.0
CATCH_UP_S: Final = 5.0
READ_S: Final = 10.0

Unseal = Callable[[bytes, bytes], bytes]


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What a list needs; the original bytes are passed over."""

    topic: str
    stage: str
    reason: str
    detail: str
    at: float
    original: Original = "plain"


_head: Final = msgspec.msgpack.Decoder(_Head).decode


class LetterSink:
    """A sink of `dead-letters` (`adapters.topic_follower`) that keeps heads. config: a consumer's."""

    def __init__(self, box: LetterBox, config: Mapping[str, object], topic: str, max_letters: int) -> None:
        self._box = box
        self._config = {**config, "log_level": 0}
        self._topic = topic
        self._max_letters = max_letters

    def next_offsets(self) -> Mapping[int, int]:
        """So far behind the end that the box can be full."""
        consumer = Consumer(self._config)
        try:
            place = TopicPartition(self._topic, DEAD_LETTERS_PARTITION)
            begin, end = consumer.get_watermark_offsets(place, timeout=REQUEST_S)
        except KafkaException:  # then everything is read, and the box keeps the newest
            return {}
        finally:
            consumer.close()
        return {DEAD_LETTERS_PARTITION: max(begin, end - self._max_letters)}

    def apply(self, batch: Batch) -> None:
        """Keep what is a letter, forget what has ended; what cannot be read is nobody's to work on."""
        for message in batch.messages:
            place = message.key.decode("utf-8", "replace")
            if message.value is None:
                self._box.end(place)
            elif is_letter(message.key, message.value):
                try:
                    head = _head(message.value)
                except (msgspec.MsgspecError, UnicodeError):
                    continue
                self._box.put(
                    LetterLine(
                        place, message.offset, head.topic, head.stage, head.reason,
                        field_of(head.reason, head.detail), head.detail, head.at, head.original,
                    )
                )  # fmt: skip

    def clear(self) -> None:
        """Forget all."""
        self._box.clear()


@dataclass(frozen=True)
class RedriveRules:
    """may_write: whether records of a topic may be written to it again. unseal: opens originals, None without key."""

    may_write: Callable[[str], bool]
    unseal: Unseal | None


class LetterDesk:
    """Meets `console.parts.Letters`. Nothing is read before somebody asks.

    topic: of dead letters.
    """

    def __init__(
        self, config: Mapping[str, object], topic: str, writer: ConfirmedWriter, rules: RedriveRules, clock: Clock
    ) -> None:
        self._box = LetterBox()
        self._topic = topic
        self._writer = writer
        self._rules = rules
        self._reader = RecordReader(config)
        self._follower = TopicFollower(config, topic, LetterSink(self._box, config, topic, MAX_LETTERS), clock)
        self._is_started = False
        self._starting, self._redriving = Lock(), Lock()

    @property
    def box(self) -> LetterBox:
        """The letters as far as they have been read; waits for the end of the topic at the first call."""
        self.is_whole_within(CATCH_UP_S)
        return self._box

    def is_whole_within(self, timeout_s: float) -> bool:
        """Whether the box holds what was in the topic when reading began; waits for it that long."""
        with self._starting:
            if not self._is_started:
                self._is_started = True
                self._follower.start()
        return self._follower.wait_until_caught_up(timeout_s)

    def fault(self) -> str:
        """Why the box may lack letters, empty when it does not."""
        return self._follower.status().fault

    def letters(self, lines: Sequence[LetterLine]) -> list[DeadLetter]:
        """The whole letters with their bytes as they were refused; those that are gone are left out.

        A sealed one stays sealed where its key is not here. Raises Unavailable.
        """
        offsets = [line.offset for line in lines]
        try:
            found = self._reader.each_of(self._topic, DEAD_LETTERS_PARTITION, offsets, READ_S)
        except KafkaException as error:
            raise Unavailable(f"topic {self._topic}: does not answer ({error})") from error
        records = [found[offset] for offset in offsets if offset in found]
        return [
            self._opened(decode_dead_letter(record.value))
            for record in records
            if is_letter(record.key, record.value) and record.value is not None
        ]

    def _opened(self, letter: DeadLetter) -> DeadLetter:
        try:
            return letter if self._rules.unseal is None else opened(letter, self._rules.unseal)
        except CorruptState:  # sealed with another key
            return letter

    def may_redrive(self, letter: DeadLetter) -> bool:
        """Whether its record can be written again: its bytes are here, and the order of its topic does not matter."""
        return letter.original == "plain" and self._rules.may_write(letter.topic)

    def redrive(self, letters: Sequence[DeadLetter]) -> int:
        """Write their records again and end the letters; returns how many.

        A letter that has ended meanwhile is left out, so two callers redrive it once; and if this process dies between,
        the record is there twice and its id counts once. Raises Unavailable when not all were confirmed.
        """
        with self._redriving:
            here = [letter for letter in letters if self._box.find(letter.place.decode()) and self.may_redrive(letter)]
            confirmed = self._writer.write(
                [Written(letter.topic, letter.key, letter.value, letter.headers_again) for letter in here]
            )
            written = [letter for letter, is_written in zip(here, confirmed, strict=True) if is_written]
            ends = [Written(self._topic, letter.place, None, partition=DEAD_LETTERS_PARTITION) for letter in written]
            for letter, is_ended in zip(written, self._writer.write(ends), strict=True):
                if is_ended:
                    self._box.end(letter.place.decode())
        if len(written) < len(here):
            raise Unavailable(f"{len(written)} of {len(here)} records are confirmed; ask again for the others")
        return len(written)

    def close(self) -> None:
        """Stop reading."""
        if self._is_started:
            self._follower.stop()
        self._reader.close()
