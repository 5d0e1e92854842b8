"""The bare framework: a form is read, one row is written and committed, and nothing else.

`python -m bench.engine.bare_portal PORT DATABASE_URL`, served as the portal is.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy import JSON, Column, Integer, MetaData, Table, insert

from runtime.exit import leave_with
from runtime.web import serve
from store.database import Database

FORMS = Table("forms", MetaData(), Column("id", Integer, primary_key=True), Column("content", JSON))


async def _read(request: Request) -> str:
    return (await request.body()).decode()


def create_app(database: Database) -> FastAPI:
    """One page, to which a form is sent."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/{purpose}/{token}")
    def submit(purpose: str, token: str, form: Annotated[str, Depends(_read)]) -> Response:
        with database.write() as session:
            session.execute(insert(FORMS).values(content={"form": form}))
        return Response(status_code=303, headers={"Location": "?done=1"})

    return app


def main() -> int:
    """Serve until SIGTERM."""
    port, url = sys.argv[1:]
    database = Database(url)
    FORMS.metadata.create_all(database.engine)
    asyncio.run(serve(create_app(database), "127.0.0.1", int(port)))
    return 0


if __name__ == "__main__":
    leave_with(main)
