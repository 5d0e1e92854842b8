"""Kinds of work, so that one can't keep another waiting."""

from __future__ import annotations

from enum import StrEnum


class Work(StrEnum):
    """A kind of work. Each has a task queue, and a worker does some of them or all."""

    WORKFLOWS = "workflows"
    """Workflows, and activities that take a moment."""
    MAIL = "mail"
    """Activities that send. Their queue is paced, so that a mail server is not run over."""
    MATCHING = "matching"
    """Activities that take seconds or minutes: matching, the success metrics, and the deletion of a
    program's personal data."""


EVERY_KIND = tuple(Work)


def queue_of(work: Work, task_queue: str) -> str:
    """The task queue of a kind of work, where workflows have `task_queue`."""
    return task_queue if work is Work.WORKFLOWS else f"{task_queue}-{work}"
