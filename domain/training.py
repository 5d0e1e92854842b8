"""Training: what somebody reads before they meet, module by module."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from pydantic import Field

from domain.definition import Definition, Mode
from domain.model import Written
from domain.people import Role
from domain.sections import Training


class OnlyIf(StrEnum):
    """What a module needs, apart from a reader in its role: a setting under `training`."""

    NEW_TECHNOLOGY = "new_technology"


class Module(Written):
    """One text of the training, short enough to be read in one go."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")
    """The name of its file. It goes into the journal, so it holds no one's name."""
    title: str = Field(min_length=1, max_length=200)
    version: int = Field(ge=1)
    minutes: int = Field(ge=1, le=60)
    """How long it takes to read, the exercise apart."""
    roles: tuple[Role, ...] = Field(min_length=1)
    """Who reads it."""
    order: int = 0
    """Lower ones are read first; by id where it is the same."""
    only_if: OnlyIf | None = None
    """Read only where the definition says so."""
    html: str = Field(repr=False)
    """The text, for a page."""


def roles_prepared_for(mode: Mode, role: Role) -> tuple[Role, ...]:
    """The roles that somebody prepares for who has this one in a pair.

    In `mutual` mode each of the two teaches half a session and learns the other half.
    """
    return tuple(Role) if mode is Mode.MUTUAL else (role,)


def modules_for(
    modules: Iterable[Module], training: Training, roles: Collection[Role]
) -> tuple[Module, ...]:
    """The modules that somebody reads who has these roles, in the order of reading.

    A module is read by its roles if the definition names it, or names none and the module is for
    every program; and one for programs of a kind, wherever the program is of that kind.
    """

    def is_wanted(module: Module) -> bool:
        if not set(module.roles) & set(roles):
            return False
        if module.only_if is OnlyIf.NEW_TECHNOLOGY and training.new_technology:
            return True
        if training.modules is None:
            return module.only_if is None
        return module.id in training.modules

    wanted = filter(is_wanted, modules)
    return tuple(sorted(wanted, key=lambda module: (module.order, module.id)))


def training_of(
    definition: Definition, modules: Iterable[Module], role: Role
) -> tuple[Module, ...]:
    """What somebody reads who has this role in a pair of the program, in the order of reading."""
    roles = roles_prepared_for(definition.program.mode, role)
    return modules_for(modules, definition.training, roles)
