"""The portal as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from domain.written import shown_as_it_reads
from portal.languages import as_asked
from portal.limits import Limit, Limits, TooOften, client_of
from portal.pages import PAGES
from portal.pages.base import Download, Form, Rejected, View
from portal.protection import Protection
from portal.relay import Relay
from portal.visits import Ended, Guest, HrVisit, Visit, receive
from store import outbox
from store.answers import TooLate
from store.content import Content
from store.database import Database
from store.links import LinkExpired, LinkInvalid, LinkOfErased, Links, Purpose

HERE = Path(__file__).parent

MOST_FIELDS = 200
"""Fields in one form."""

_FORM = "application/x-www-form-urlencoded"
"""How browsers send the forms of our pages. Nothing else is read."""


async def _read_form(request: Request) -> dict[str, str]:
    """The form that was sent: the first value of each field."""
    body = await request.body()
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if kind != _FORM or "content-encoding" in request.headers:
        raise HTTPException(415)
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise HTTPException(400) from error
    first: dict[str, str] = {}
    for key, value in fields:
        first.setdefault(key, value.replace("\x00", ""))
    return first


def create_app(
    database: Database,
    links: Links,
    content: Content,
    relay: Relay | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The pages, and the relay if one is given: it then runs as long as the application does."""
    limits = limits or Limits()
    templates = _templates()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if relay is None:
            yield
            return
        async with relay.running():
            yield

    app = FastAPI(
        title="Reverse mentoring",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        lifespan=lifespan,
    )
    app.mount("/static", _Static(directory=HERE / "static"), name="static")

    def error_page(status: int, key: str, accept_language: str) -> tuple[bytes, str]:
        page = _error(templates, as_asked(content, accept_language), key)
        return page.encode(), "text/html; charset=utf-8"

    app.add_middleware(Protection, base_url=links.base_url, error_page=error_page)
    _answer_watchers(app, database)
    _serve_people(
        app,
        database=database,
        links=links,
        content=content,
        templates=templates,
        relay=relay,
        sends=Limit("sends", limits.sends),
    )
    _explain_errors(app, content, templates, limits)
    return app


def _answer_watchers(app: FastAPI, database: Database) -> None:
    """Two addresses for the machines that watch."""

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the process is alive."""
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """Whether answers can be stored, and how long the oldest signal has been waiting.

        A long outbox does not make the portal unready: it keeps answers while Temporal is down.
        """
        try:
            with database.read() as session:
                session.execute(text("SELECT 1"))
                age = outbox.age(session)
        except SQLAlchemyError:
            return JSONResponse({"status": "the store can't be reached"}, status_code=503)
        seconds = round(age.total_seconds(), 1) if age else 0
        return JSONResponse({"status": "ready", "outbox_seconds": seconds})


def _serve_people(
    app: FastAPI,
    *,
    database: Database,
    links: Links,
    content: Content,
    templates: Environment,
    relay: Relay | None,
    sends: Limit,
) -> None:
    """The pages."""

    def page_of(purpose: str) -> Purpose:
        try:
            return Purpose(purpose)
        except ValueError as error:
            raise HTTPException(404) from error

    @app.api_route("/{purpose}/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def show(purpose: str, token: str, done: str | None = None) -> HTMLResponse:
        """Show a page. Changes nothing: mail scanners open links too."""
        link = links.open(token, page_of(purpose))
        with database.read() as session:
            visit = receive(session, links, content, link)
            page = PAGES[visit.link.purpose]
            try:
                view = (page.done(visit, done) if done else None) or page.show(visit, None)
            except Ended as ended:
                return _over(templates, visit, ended.what)
            return HTMLResponse(_render(templates, view, visit))

    @app.post("/{purpose}/{token}", response_class=HTMLResponse)
    def submit(
        purpose: str, token: str, form: Annotated[dict[str, str], Depends(_read_form)]
    ) -> Response:
        """Record what was sent, and lead to the page that says so."""
        link = links.open(token, page_of(purpose))
        sends.count(token)
        with database.write() as session:
            visit = receive(session, links, content, link)
            page = PAGES[visit.link.purpose]
            try:
                outcome = page.submit(visit, form)
                if isinstance(outcome, Rejected):
                    view = page.show(visit, form)
                    body = _render(templates, view, visit, outcome.problems)
                    return HTMLResponse(body, status_code=422)
            except (Ended, TooLate) as error:
                response = _over(templates, visit, error.what)
                session.rollback()
                return response
        if isinstance(outcome, Download):
            return _as_file(outcome)
        if relay is not None:
            relay.wake()
        return Response(status_code=303, headers={"Location": f"?done={outcome.what}"})

    @app.api_route("/", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def front(request: Request) -> HTMLResponse:
        """For who comes without a link."""
        return HTMLResponse(_error(templates, _for_unknown(request, content), "no_link"))

    @app.get("/favicon.ico", include_in_schema=False)
    def no_icon() -> Response:
        """Browsers ask for it unasked."""
        return Response(status_code=204)


_WORDS_FOR = {404: "invalid", 405: "not_here", 410: "expired", 413: "too_large"}
"""The words for a status; for any other, that it could not be read."""


def _explain_errors(app: FastAPI, content: Content, templates: Environment, limits: Limits) -> None:
    """A page that a person understands, for everything that can go wrong with a request."""
    wrong_links = Limit("wrong_links", limits.wrong_links)

    def explain(
        request: Request, status: int, headers: Mapping[str, str] | None = None
    ) -> Response:
        key = _WORDS_FOR.get(status, "unreadable")
        page = _error(templates, _for_unknown(request, content), key)
        return HTMLResponse(page, status_code=status, headers=headers)

    def unknown(request: Request, error: Exception) -> Response:
        peer = request.client.host if request.client else ""
        told = request.headers.getlist("x-forwarded-for")
        try:
            wrong_links.count(client_of(peer, told, limits.proxies))
        except TooOften as often:
            return too_often(request, often)
        return explain(request, 404)

    def expired(request: Request, error: Exception) -> Response:
        return explain(request, 410)

    def too_often(request: Request, error: Exception) -> Response:
        assert isinstance(error, TooOften)  # noqa: S101 - registered for nothing else
        page = _error(templates, _for_unknown(request, content), f"too_often_{error.what}")
        return HTMLResponse(page, status_code=429, headers={"Retry-After": str(error.wait)})

    def erased(request: Request, error: Exception) -> Response:
        page = _error(templates, _for_unknown(request, content), "erased")
        return HTMLResponse(page, status_code=410)

    def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        if error.status_code == 404:
            return unknown(request, error)
        return explain(request, error.status_code, error.headers)

    app.add_exception_handler(LinkInvalid, unknown)
    app.add_exception_handler(LinkExpired, expired)
    app.add_exception_handler(LinkOfErased, erased)
    app.add_exception_handler(TooOften, too_often)
    app.add_exception_handler(HTTPException, other)


class _Static(StaticFiles):
    """The stylesheet: the one thing that a browser may keep."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response


def _as_file(download: Download) -> Response:
    """Something to keep, under a name of ours: browsers save it and show nothing."""
    return Response(
        download.body,
        media_type=download.media_type,
        headers={"Content-Disposition": f'attachment; filename="{download.name}"'},
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_it_reads,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _as_it_reads(value: object) -> object:
    return shown_as_it_reads(value) if isinstance(value, str) else value


def _render(templates: Environment, view: View, visit: Guest, problems: Form | None = None) -> str:
    definition = visit.definition
    knows_themselves = isinstance(visit, HrVisit) and visit.is_coordinator
    participant = visit if isinstance(visit, Visit) else None
    if participant is not None and participant.link.purpose is Purpose.APPROVAL:
        participant = None  # a manager is there for somebody else
    return templates.get_template(view.template).render(
        **view.values,
        title=view.title,
        t=visit.words,
        lang=visit.content.language,
        program=visit.program.title,
        organisation=definition.program.organisation,
        coordinator=None if knows_themselves else definition.coordinator,
        problems=problems or {},
        help_url=participant.url(Purpose.HELP) if participant else None,
        safety_url=participant.url(Purpose.SAFETY) if participant else None,
    )


def _over(templates: Environment, visit: Guest, what: str) -> HTMLResponse:
    """The page of what has ended: the pair, the program, or this person's part in it."""
    words = visit.words
    view = View("error.html", words(f"ended.{what}.title"), {"text": words(f"ended.{what}.text")})
    return HTMLResponse(_render(templates, view, visit), status_code=410)


def _for_unknown(request: Request, content: Content) -> Content:
    """The content for somebody whom no link names, in the language of their browser."""
    return as_asked(content, request.headers.get("accept-language", ""))


def _error(templates: Environment, content: Content, key: str) -> str:
    """The page of a request that told us nothing of who is there, so it tells nothing either."""
    words = content.words
    return templates.get_template("error.html").render(
        title=words(f"errors.{key}.title"),
        text=words(f"errors.{key}.text"),
        t=words,
        lang=content.language,
        program=None,
        organisation=None,
        coordinator=None,
        problems={},
        help_url=None,
    )
