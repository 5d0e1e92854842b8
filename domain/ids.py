"""How things are named in Temporal and in the store. Opaque by construction."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Id = Annotated[
    str, StringConstraints(pattern=r"^(?:[a-z0-9_:./#+-]|[0-9]T[0-9])*$", max_length=400)
]
"""Of a program, a pair, a person, a proposal, a survey, and what is made of such ids, enums and
instants (whence the T).

The only text in what workflows and activities are told, as a test demands: a space, a capital, an
“@” or any letter beyond ASCII is refused where a value is made, before Temporal has it.
"""

WORKFLOW_PREFIX = "program"


def program_workflow_id(program: str) -> str:
    """Workflow id of a program."""
    return f"{WORKFLOW_PREFIX}/{program}"


def cohort_workflow_id(program: str, cohort: int) -> str:
    """Workflow id of a cohort of at most `COHORT_SIZE` pairs."""
    return f"{program_workflow_id(program)}/cohort/{cohort}"


def pair_workflow_id(program: str, pair: str) -> str:
    """Workflow id of a pair."""
    return f"{program_workflow_id(program)}/pair/{pair}"


def afterwards_workflow_id(program: str, pair: str) -> str:
    """Workflow id of a pair that goes on after its program."""
    return f"{pair_workflow_id(program, pair)}/afterwards"


def follow_up_workflow_id(program: str) -> str:
    """Workflow id of what is asked after a program."""
    return f"{program_workflow_id(program)}/follow-up"


def retention_workflow_id(program: str) -> str:
    """Workflow id of what deletes the personal data of a program in the end."""
    return f"{program_workflow_id(program)}/retention"


def schedule_id(scheme: str) -> str:
    """Id of the schedule that opens the programs of a scheme."""
    return f"scheme/{scheme}"


def opening_workflow_id(scheme: str) -> str:
    """What the workflow ids of a scheme's openings begin with; Temporal adds the time of each."""
    return f"{schedule_id(scheme)}/opening"


def answer_id(program: str, pair: str | None, person: str, occasion: str) -> str:
    """Id of what a person answered on one page. One a purpose: answering again replaces it."""
    return f"{program}/{pair or '-'}/{person}/{occasion}"


COHORT_SIZE = 500
"""Pairs in one cohort. Temporal refuses a workflow its 2,001st pending child and advises 500."""
