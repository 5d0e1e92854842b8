"""What more than one command shows."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from rich.table import Table

from domain.escalation import Ladder, Trigger
from domain.ids import program_workflow_id
from runtime.settings import Settings
from runtime.ui_links import workflows_address

_COUNTED = {
    Trigger.GAP: "no session for {:g} × the usual distance",
    Trigger.CANCELLATIONS: "{:g} cancellations in a row",
}
"""Triggers of ladders that count something."""

_SHORT = {Trigger.CANCELLATIONS: "{:g} cancellations"}
"""The same in a narrow column."""


def trigger_in_words(trigger: Trigger, ladders: Sequence[Ladder], *, short: bool = False) -> str:
    """What a ladder begins with, in a few words; `short` for a narrow column."""
    counted = _SHORT if short else _COUNTED
    times = next((one.times for one in ladders if one.trigger is trigger), 1)
    return counted.get(trigger, trigger.value.replace("_", " ")).format(times)


def ui_link(settings: Settings, program: str) -> str:
    """Where the Temporal UI shows a program."""
    return f"{workflows_address(settings)}/{quote(program_workflow_id(program), safe='')}"


def facts_table() -> Table:
    """A table of words and what they stand for."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table
