"""A TCP relay between one worker and the broker: cut, half open with nothing coming through, or slow."""

from __future__ import annotations

import asyncio
import threading
from typing import Literal

Mode = Literal["open", "cut", "silent", "slow"]


class Relay:
    """Forwards connections on `port` to `target`.

    `cut` resets and refuses; `silent` keeps them and moves no byte; `slow` holds every answer of the broker back for
    `delay_s` and counts it in `n_delayed`.
    """

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._loop = asyncio.new_event_loop()
        self._passable = asyncio.Event()
        self._passable.set()
        self._refusing = False
        self._delay_s = 0.0
        self.n_delayed = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"relay-{port}")
        self._ready = threading.Event()

    def start(self) -> None:
        """Returns once it listens."""
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError(f"the relay on port {self._port} did not start")

    def stop(self) -> None:
        """Cut everything and end."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def set(self, mode: Mode, delay_s: float = 0.0) -> None:
        """Change what happens to connections, present and new ones."""
        self._loop.call_soon_threadsafe(self._set, mode, delay_s)

    def _set(self, mode: Mode, delay_s: float) -> None:
        was_slow, self._delay_s = self._delay_s > 0.0, delay_s if mode == "slow" else 0.0
        if mode == "slow" or (mode == "open" and was_slow):
            return  # a slow line breaks no connection, neither when it begins nor when it ends
        self._refusing = mode == "cut"
        if mode == "silent":
            self._passable.clear()
        else:
            self._passable.set()
        if mode != "silent":  # what was half open is torn down when the line comes back
            for writer in list(self._writers):
                writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self._port))
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, is_answer=True))
        self._writers -= {writer, far_writer}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        try:
            while data := await reader.read(65_536):
                await self._passable.wait()
                if is_answer and self._delay_s:
                    self.n_delayed += 1
                    await asyncio.sleep(self._delay_s)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()
