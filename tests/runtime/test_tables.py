"""Worker and portal look at the store's tables before they rely on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import worker
from portal import __main__ as portal
from runtime.tables import check_tables
from store.database import Database
from store.migrate import latest_revision, migrate


@pytest.mark.parametrize("main", [worker.main, portal.main], ids=["worker", "portal"])
def test_on_older_tables_a_part_ends_at_once_and_says_what_to_do(
    main: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    database = Database(url)
    migrate(database, "0005_instruments")
    database.close()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("LINK_KEYS", "abcdefghhgfedcba" * 2)
    monkeypatch.setattr(f"{main.__module__}.set_up_logs", lambda *_: None)
    assert main() == 2
    assert capsys.readouterr().err == (
        f"the store: it is at 0005_instruments; this version needs {latest_revision()}. "
        "Run: python -m runtime.migrate\n"
    )


def test_while_the_store_is_away_a_part_starts_and_waits_for_it() -> None:
    check_tables(Database("postgresql://nobody@127.0.0.1:9/nothing"))
