"""The portal as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from python_multipart.exceptions import MultipartParseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from portal.languages import as_asked
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

_log = structlog.get_logger("portal")


async def _read_form(request: Request) -> dict[str, str]:
    """The form that was sent: the first value of each field."""
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            first: dict[str, str] = {}
            for key, value in form.multi_items():
                if isinstance(value, str):
                    first.setdefault(key, value.replace("\x00", ""))
            return first
    except (MultipartParseError, UnicodeDecodeError) as error:
        raise HTTPException(400) from error


def create_app(
    database: Database, links: Links, content: Content, relay: Relay | None = None
) -> FastAPI:
    """The pages, and the relay if one is given: it then runs as long as the application does."""
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
    )
    _explain_errors(app, content, templates)
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
        with database.read() as session:
            visit = receive(session, links, content, page_of(purpose), token)
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
        with database.write() as session:
            visit = receive(session, links, content, page_of(purpose), token)
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


def _explain_errors(app: FastAPI, content: Content, templates: Environment) -> None:
    """A page that a person understands, for everything that can go wrong with a request."""

    def unknown(request: Request, error: Exception) -> Response:
        page = _error(templates, _for_unknown(request, content), "invalid")
        return HTMLResponse(page, status_code=404)

    def expired(request: Request, error: Exception) -> Response:
        page = _error(templates, _for_unknown(request, content), "expired")
        return HTMLResponse(page, status_code=410)

    def erased(request: Request, error: Exception) -> Response:
        page = _error(templates, _for_unknown(request, content), "erased")
        return HTMLResponse(page, status_code=410)

    def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        key = {404: "invalid", 405: "not_here", 413: "too_large"}.get(
            error.status_code, "unreadable"
        )
        page = _error(templates, _for_unknown(request, content), key)
        return HTMLResponse(page, status_code=error.status_code)

    app.add_exception_handler(LinkInvalid, unknown)
    app.add_exception_handler(LinkExpired, expired)
    app.add_exception_handler(LinkOfErased, erased)
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
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
