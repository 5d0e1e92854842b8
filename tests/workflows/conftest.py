"""Fixtures of the workflows' tests."""

from __future__ import annotations

import pytest

from tests.workflows.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Activities that note what they are asked, and touch nothing."""
    return Stage()
