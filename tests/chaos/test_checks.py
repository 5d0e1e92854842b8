"""Shows that the harness can fail: variants of the service that lose or double things are caught."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from activities.letters import Draft
from activities.mail import Mailer, MailServer
from activities.pair_messages import PairMessages
from activities.post import Find, Post
from activities.sorting import Sorting
from activities.writing import Writer
from domain.ids import pair_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.pair import MomentKind
from domain.people import Role
from store import journal, ledger, outbox, programs
from store.database import Database
from store.ledger import Entry
from store.links import Link, Purpose
from tests.activities.conftest import Works, always_open, make_works
from tests.activities.post_office import PostOffice, open_post_office
from tests.chaos import checks
from tests.chaos.breaking import what_was_lost
from tests.chaos.faults import NO_FAULTS, Fault, Plan, Play, Tally, shared_out
from tests.chaos.journals import Story, differences
from tests.chaos.post import PostRoute
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, make_scene
from tests.runtime.in_a_thread import loop_in_a_thread
