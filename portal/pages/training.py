"""The training: which modules there are for this person, and each of them on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from domain.definition import Mode
from domain.people import Role
from domain.training import Module
from portal.pages.base import Accepted, Form, Rejected, View
from portal.visits import Visit, first_name
from store import answers
from store.links import LinkInvalid, Purpose


@dataclass(frozen=True)
class Progress:
    """How far somebody has come with the training for one of their pairs."""

    modules: tuple[Module, ...]
    """All that they have to read, in the order of reading."""
    open: tuple[str, ...]
    """Ids of those that are left."""

    @property
    def read(self) -> int:
        """How many are read."""
        return len(self.modules) - len(self.open)

    @cached_property
    def next(self) -> Module | None:
        """The one to read now; None if none is left."""
        return next((module for module in self.modules if module.id in self.open), None)

    @property
    def minutes_left(self) -> int:
        """How long the rest takes."""
        return sum(module.minutes for module in self.modules if module.id in self.open)


def progress_of(visit: Visit, role: Role) -> Progress:
    """How far the visitor has come with what is to be read in this role."""
    modules = visit.content.training_of(visit.definition, role)
    wanted = [module.id for module in modules]
    left = answers.modules_open(visit.session, visit.program.id, visit.person.id, wanted)
    return Progress(modules, left)


class TrainingPage:
    """Your training: the modules, what is read of them, and which one comes next."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The list. Each module can be read again at any time."""
        progress = progress_of(visit, visit.role)
        mutual = visit.definition.program.mode is Mode.MUTUAL
        return View(
            "training.html",
            visit.words("training.title"),
            {
                "progress": progress,
                "lead": visit.words("training.lead_mutual" if mutual else "training.lead"),
                "url_of": {module.id: _url(visit, module) for module in progress.modules},
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Nothing is sent from this page."""
        return None

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Nothing to record: who sends something still has the page of an earlier version open,
        and is led to the modules."""
        visit.must_be_open()
        return Accepted()


class ModulePage:
    """One module, and a button to say that it is read."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The text."""
        progress = progress_of(visit, visit.role)
        module = _module(visit, progress)
        return View(
            "module.html",
            module.title,
            {
                "body": Markup(module.html),  # noqa: S704 - our own content file
                "module": module,
                "was_read": module.id not in progress.open,
                "all_url": visit.url(Purpose.GUIDE),
                **_where(progress, module),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What is read so far, and the next module."""
        progress = progress_of(visit, visit.role)
        module = _module(visit, progress)
        if module.id in progress.open:
            return None
        words, following = visit.words, progress.next
        count = len(progress.modules)
        if following is None:
            title = words("module.all_done_title")
            text = words("module.all_done_next", partner=first_name(visit.with_partner))
        else:
            title = words("module.done_title", read=progress.read, count=count)
            text = words("module.done_next")
        return View(
            "module_done.html",
            title,
            {
                "next": text,
                "following": following,
                "following_url": _url(visit, following) if following else None,
                "all_url": visit.url(Purpose.GUIDE),
            },
        )

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record that it was read."""
        visit.must_be_open()
        module = _module(visit, progress_of(visit, visit.role))
        wanted = {
            role: [other.id for other in visit.content.training_of(visit.definition, role)]
            for role in Role
        }
        answers.read_module(visit.session, visit.link, module.id, module.version, wanted)
        return Accepted()


def _module(visit: Visit, progress: Progress) -> Module:
    """The module that the link is about. Raises LinkInvalid if it is none of the visitor's."""
    found = [module for module in progress.modules if module.id == visit.link.occasion]
    if not found:
        raise LinkInvalid("the page needs a module of the training")
    return found[0]


def _where(progress: Progress, module: Module) -> dict[str, int]:
    """Which one of how many it is."""
    return {"number": progress.modules.index(module) + 1, "count": len(progress.modules)}


def _url(visit: Visit, module: Module) -> str:
    return visit.url(Purpose.TRAINING, occasion=module.id)
