"""The bare framework: a form is read, one row is written and committed, and nothing else.

`python -m bench.engine.bare_portal PORT DATABASE_URL`, served as the portal is. The framework and
the database's package are as they come, but that what is committed is on the disk, as in the store.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
)

from runtime.exit import leave_with
from runtime.web import serve
from store.database import BUSY_SECONDS

FORMS = Table("forms", MetaData(), Column("id", Integer, primary_key=True), Column("content", JSON))


async def _read(request: Request) -> str:
    return (await request.body()).decode()


def create_app(engine: Engine) -> FastAPI:
    """One page, to which a form is sent."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/{purpose}/{token}")
    def submit(purpose: str, token: str, form: Annotated[str, Depends(_read)]) -> Response:
        with engine.begin() as connection:
            connection.execute(insert(FORMS).values(content={"form": form}))
        return Response(status_code=303, headers={"Location": "?done=1"})

    return app


def main() -> int:
    """Serve until SIGTERM."""
    port, url = sys.argv[1:]
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _keep_on_disk)
    FORMS.metadata.create_all(engine)
    asyncio.run(serve(create_app(engine), "127.0.0.1", int(port)))
    return 0


def _keep_on_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


if __name__ == "__main__":
    leave_with(main)
