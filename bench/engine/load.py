"""People who send forms, as fast as they are thanked: each on a connection that stays open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending some forms."""

    seconds: float
    latencies: tuple[float, ...]
    """Seconds from sending each to its answer, sorted."""
    refused: int
    """Answers other than the thanks (303)."""

    @property
    def a_second(self) -> float:
        """Forms a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the forms was answered."""
        place = min(int(len(self.latencies) * share), len(self.latencies) - 1)
        return self.latencies[place] * 1000


async def send(port: int, forms: Sequence[tuple[str, str]], people: int) -> Sent:
    """Send forms, each a path and a body, by so many at once."""
    waiting = iter(forms)
    began = time.monotonic()
    found = await asyncio.gather(*(_one(port, waiting) for _ in range(people)))
    seconds = time.monotonic() - began
    answers = [answer for person in found for answer in person]
    return Sent(
        seconds=seconds,
        latencies=tuple(sorted(latency for latency, _ in answers)),
        refused=sum(status != 303 for _, status in answers),
    )


async def _one(port: int, forms: Iterator[tuple[str, str]]) -> list[tuple[float, int]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for path, body in forms:
        began = time.monotonic()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = _length(head.split("\r\n"))
        if length:
            await reader.readexactly(length)
        answers.append((time.monotonic() - began, int(head.split()[1])))
    writer.close()
    return answers


def _length(lines: Iterable[str]) -> int:
    for line in lines:
        if line.startswith("content-length:"):
            return int(line.partition(":")[2])
    return 0
