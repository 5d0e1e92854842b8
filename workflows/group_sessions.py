"""Group sessions, beside a program's stages: people are invited, and asked whether they came."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import GroupDate, ProgramMomentKind
    from domain.group_sessions import NextGroupMails, PlannedGroupDate, next_group_mails
    from domain.journal import EventKind
    from workflows.messages import ProgramInput
    from workflows.program_steps import ProgramSteps

AFTER_THE_INTRODUCTIONS = 1
"""Program days that the first invitation waits, so that people know their partner before."""


class GroupSessions(ProgramSteps):
    """Sees to it that people know of the group sessions, from the first pairs to the end.

    Dates stay where they are while the program is paused: what is due then is written afterwards,
    as far as it still has a point. A program without group sessions has no trace of this.
    """

    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._group_sessions: asyncio.Task[None] | None = None
        self._group_sessions_end = False
        self._first_invitations: datetime | None = None
        self._invited_to: list[str] = []
        self._asked_about: list[str] = []
        self._moved = 0
        """How often the dates have moved: what calendars tell a newer invitation by."""
        self._one_at_a_time = asyncio.Lock()

    def _begin_group_sessions(self) -> None:
        """There are pairs now, and so people to invite."""
        if self._plan.group_sessions:
            self._first_invitations = workflow.now() + self._plan.days(AFTER_THE_INTRODUCTIONS)
            self._go_on_with_group_sessions()

    def _go_on_with_group_sessions(self) -> None:
        self._group_sessions = asyncio.create_task(self._keep_writing())

    async def _keep_writing(self) -> None:
        while not self._no_more_group_sessions() and (due := self._next_group_mails()) is not None:
            if self._paused_at is not None:
                await workflow.wait_condition(
                    lambda: self._no_more_group_sessions() or self._paused_at is None
                )
            elif due.at > workflow.now():
                await self._until_due(due)
            else:
                await self._write_to_groups(due)

    def _next_group_mails(self) -> NextGroupMails | None:
        now = workflow.now()
        return next_group_mails(
            self._plan.group_sessions,
            self._invited_to,
            self._asked_about,
            now,
            self._first_invitations or now,
        )

    async def _until_due(self, due: NextGroupMails) -> None:
        """Wait until then, or until that may have changed."""
        dates = self._plan.group_sessions

        def may_have_changed() -> bool:
            moved = self._plan.group_sessions is not dates
            return moved or self._paused_at is not None or self._no_more_group_sessions()

        with suppress(TimeoutError):
            await workflow.wait_condition(
                may_have_changed,
                timeout=due.at - workflow.now(),
                timeout_summary=_in_words(due),
            )

    async def _write_to_groups(self, due: NextGroupMails) -> None:
        async with self._one_at_a_time:
            for date in due.invite:
                if date.name not in self._invited_to:
                    self._invited_to.append(date.name)
                    self._record(EventKind.GROUP_SESSION_ANNOUNCED, date)
                await self._write_to_group(ProgramMomentKind.GROUP_SESSION, date)
            for date in due.ask:
                self._asked_about.append(date.name)
                self._record(EventKind.GROUP_SESSION_ASKED, date)
                await self._write_to_group(ProgramMomentKind.GROUP_SESSION_FOLLOW_UP, date)

    async def _move_group_sessions(self, dates: tuple[PlannedGroupDate, ...]) -> None:
        """The dates are others now: who was invited to one that moved is told at once."""
        before = {date.name: date.starts_at for date in self._plan.group_sessions}
        self._plan = self._plan.model_copy(update={"group_sessions": dates})
        moved = [date for date in dates if date.starts_at != before.get(date.name)]
        async with self._one_at_a_time:
            self._moved += bool(moved)
            for date in moved:
                if date.name in self._invited_to:
                    await self._write_to_group(ProgramMomentKind.GROUP_SESSION, date)

    async def _call_off_group_sessions(self) -> None:
        """The program is cancelled: who was invited to what is still to come is told."""
        await self._end_group_sessions()
        for date in self._plan.group_sessions:
            if date.name in self._invited_to and date.starts_at > workflow.now():
                await self._write_to_group(ProgramMomentKind.GROUP_SESSION_CANCELLED, date)

    async def _end_group_sessions(self) -> None:
        """Nothing more is written. A program that is over waits for no date."""
        self._group_sessions_end = True
        if self._group_sessions is not None:
            await self._group_sessions

    def _is_quiet(self) -> bool:
        return super()._is_quiet() and not self._one_at_a_time.locked()

    def _no_more_group_sessions(self) -> bool:
        return self._cancelled or self._group_sessions_end

    def _record(self, kind: EventKind, date: PlannedGroupDate) -> None:
        self._recorder.add(kind, {"group": date.group, "number": date.number})

    async def _write_to_group(self, kind: ProgramMomentKind, date: PlannedGroupDate) -> None:
        about = GroupDate(
            group=date.group, number=date.number, starts=date.starts_at, moved=self._moved
        )
        await self._send(kind, occasion=date.name, group=about)


def _in_words(due: NextGroupMails) -> str:
    names = ", ".join(date.name for date in due.invite or due.ask)
    return f"{'invitations to' if due.invite else 'who came to'} {names}"[:200]
