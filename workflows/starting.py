"""How a program's workflow is started: by HR and by a schedule in the same way."""

from __future__ import annotations

from typing import TypedDict

from temporalio import workflow
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)

with workflow.unsafe.imports_passed_through():
    from domain.details import PROGRAM_HELP
    from domain.ids import program_workflow_id
    from domain.lifecycle import Stage
    from workflows.search_attributes import PROGRAM, STAGE


MOST_OF_A_KEY = 64
"""Bytes are what the server takes; ids of programs are ASCII."""


class StartOptions(TypedDict):
    """What a client and a parent workflow alike say of the program's workflow."""

    id: str
    id_reuse_policy: WorkflowIDReusePolicy
    static_summary: str
    static_details: str
    priority: Priority
    search_attributes: TypedSearchAttributes


def start_options(program: str) -> StartOptions:
    """The options with which a program's workflow is started, once for all time."""
    return StartOptions(
        id=program_workflow_id(program),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=f"Program {program}",
        static_details=PROGRAM_HELP,
        # All that belongs to a program inherits it: with fairness on, programs take turns.
        priority=Priority(fairness_key=program[:MOST_OF_A_KEY]),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PROGRAM, program),
                SearchAttributePair(STAGE, Stage.DEFINITION.value),
            ]
        ),
    )
