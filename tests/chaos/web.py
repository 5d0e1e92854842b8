"""How the simulated people's forms reach the portal: slowly, twice, or cut off on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import httpx

from tests.chaos.faults import Fault, Plan, Tally

RETRY_SECONDS = 0.3
"""How long somebody waits who finds the portal away, before they try again."""

SLOW_SECONDS = 1.5

_AWAY = httpx.codes.INTERNAL_SERVER_ERROR
"""From this status on it was not about the form: it is sent again."""


class Browser:
    """Opens pages and sends forms until the portal has answered; meets with the plan's faults."""

    def __init__(self, plan: Plan, tally: Tally) -> None:
        self.sent = 0
        self.thanked = 0
        """Forms that got a page of thanks."""
        self._plan = plan
        self._tally = tally
        self._web = httpx.AsyncClient(timeout=40, follow_redirects=True, trust_env=False)

    async def close(self) -> None:
        """Give the connections back."""
        await self._web.aclose()

    async def open(self, link: str) -> str:
        """A page, as HTML."""
        answer = await self._until_answered(lambda: self._web.get(link))
        return answer.text

    async def send(self, link: str, form: dict[str, str]) -> str | None:
        """Send a form. Gives the page of thanks; None where the portal wanted something else."""
        fault = self._plan.of_forms.get(self.sent)
        self.sent += 1
        if fault is not None:
            self._tally.note(fault, urlsplit(link).path.split("/")[1])
        answer = await self._sent(fault, link, form)
        if not is_thanks(answer):
            return None
        self.thanked += 1
        return answer.text

    async def _sent(self, fault: Fault | None, link: str, form: dict[str, str]) -> httpx.Response:
        async def post() -> httpx.Response:
            return await self._until_answered(lambda: self._web.post(link, data=form))

        if fault is Fault.SLOW_FORM:
            await _cut(link, form, after=1, pause=SLOW_SECONDS)
        elif fault is Fault.CUT_REQUEST:
            await _cut(link, form, after=0.5)
        elif fault is Fault.CUT_ANSWER:
            await _cut(link, form, after=1)
        elif fault is Fault.SENT_AT_ONCE:
            first, second = await asyncio.gather(post(), post())
            return first if is_thanks(first) else second
        answer = await post()
        if fault is Fault.SENT_AGAIN:
            again = await post()
            return answer if is_thanks(answer) else again
        return answer

    async def _until_answered(self, ask: Callable[[], object]) -> httpx.Response:
        while True:
            try:
                answer = await ask()  # type: ignore[misc]
            except httpx.HTTPError:
                pass
            else:
                assert isinstance(answer, httpx.Response)
                if answer.status_code < _AWAY:
                    return answer
            await asyncio.sleep(RETRY_SECONDS)


def is_thanks(answer: httpx.Response) -> bool:
    """Whether the portal thanked for a form."""
    return answer.is_success and "done=" in str(answer.url)


async def _cut(link: str, form: dict[str, str], *, after: float, pause: float = 0) -> None:
    """Send this share of a form's body, after a pause, and hang up without an answer."""
    parts = urlsplit(link)
    body = urlencode(form).encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return
    try:
        writer.write(head.encode())
        await writer.drain()
        await asyncio.sleep(pause)
        writer.write(body[: round(len(body) * after)])
        await writer.drain()
        await asyncio.sleep(0.05)  # so that the portal has it, or has begun to
    except OSError:
        pass
    finally:
        writer.close()
