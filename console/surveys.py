"""Surveys of an organisation's own that were changed under a version that people were asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from runtime.settings import load_settings
from store import instruments
from store.database import Database


def changed_surveys(content: Sequence[Path]) -> list[str]:
    """A line for each of them in the folders of content, whichever program asked it.

    None where there is no store to compare with: that is made when a program starts. What ships
    changes with its version, so it is not looked at.
    """
    if len(content) < 2:
        return []
    url = load_settings(fields=("var_dir", "database_url")).database
    file = make_url(url).database
    if url.startswith("sqlite") and not (file and Path(file).is_file()):
        return []
    database = Database(url)
    try:
        with database.read() as session:
            return [str(one) for one in instruments.changed(session, content)]
    except SQLAlchemyError:  # out of reach, or of an earlier release
        return []
    finally:
        database.close()
