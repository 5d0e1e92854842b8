"""Fixtures of the portal's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.portal.scene import Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An example program."""
    made = make_scene(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def browser(scene: Scene) -> Iterator[TestClient]:
    """Somebody who opens links."""
    with TestClient(scene.app()) as client:
        yield client
