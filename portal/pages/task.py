"""What happened with a pair, and what can be done about it: for who runs the program.

What can't be undone is asked twice: the first button leads to a page that says what would happen,
the second does it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from domain.calendar import after_working_days, morning_of
from domain.escalation import Trigger
from domain.pair_orders import Order
from domain.pair_story import Ask, Attention, pair_commands
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import HrVisit
from store import decisions, pair_story, programs
from store.decisions import FINAL, Decided

SNOOZES = ("3", "5", "10")
"""Working days for which somebody may be on it."""

LATEST = timedelta(days=366)
"""How long a pause may last: beyond a year, the year is a slip of the finger."""

_SURE = "sure-"
"""Begins the name of the page that asks whether somebody is sure."""


class TaskPage:
    """The pair's story, what comes next by itself, and a button for each thing to be done."""

    def show(self, visit: HrVisit, typed: Form | None) -> View:
        """The story and the buttons; only the story once the pair is over."""
        words, stands = visit.words, self._stands(visit)
        program = programs.get(visit.session, visit.program.id)
        over = stands.ending is not None or stands.ordered in FINAL
        told = pair_story.story(visit.session, program, visit.pair, visit.content)
        if not visit.is_coordinator:  # a call for help is written to the coordinator alone
            told = [line.model_copy(update={"quote": None}) for line in told]
        tomorrow = visit.day_of(visit.now) + timedelta(days=1)
        return View(
            "task.html",
            words("task.title", **self._names(visit)),
            {
                "mentor": visit.pair.mentor.address,
                "mentee": visit.pair.mentee.address,
                "asks": self._asks(visit, stands),
                "told": told,
                "over": over,
                "decided": words(f"task.decided.{stands.ordered}") if stands.ordered else None,
                "taken": self._taken(visit, stands),
                "paused": stands.paused,
                "next": None
                if over or stands.paused or stands.trigger is None
                else pair_story.next_in_words(words, stands.next_step(visit.definition.ladder)),
                "snoozes": SNOOZES,
                "typed": {"days": "5", **(typed or {})},
                "tomorrow": tomorrow.isoformat(),
                "latest": (tomorrow + LATEST).isoformat(),
                "commands": pair_commands(visit.program.id, visit.pair.id),
            },
        )

    def done(self, visit: HrVisit, what: str) -> View | None:
        """What was decided and what happens now; or the question whether somebody is sure."""
        stands = self._stands(visit)
        if what in ("over", "nothing"):
            return self._thanks(visit, f"task.{what}")
        if what.startswith(_SURE):
            return self._sure(visit, stands, what.removeprefix(_SURE))
        if what == "snooze" and stands.taken_until is not None:
            return self._thanks(
                visit, "task.snooze", day=visit.words.day(visit.day_of(stands.taken_until))
            )
        was_done = {
            Order.HOLD: stands.paused,
            Order.RESUME: not stands.paused and stands.decisions > 0,
            Order.REMATCH: stands.ending is not None,
            Order.CLOSE: stands.ending is not None,
        }
        for order, carried_out in was_done.items():
            if what == order.value and (stands.ordered is order or carried_out):
                return self._thanks(visit, f"task.{order}")
        return None

    def submit(self, visit: HrVisit, form: Form) -> Accepted | Rejected:
        """Record a decision, or ask whether somebody is sure of it."""
        action = form.get("action", "")
        if action == "snooze":
            return self._snooze(visit, form)
        if action == Order.HOLD:
            return self._pause(visit, form)
        if action in (Order.RESUME, *FINAL):
            order = Order(action)
            if order in FINAL and form.get("sure") != "yes" and not self._is_over(visit):
                return Accepted(f"{_SURE}{order}")
            return self._accepted(decisions.order(visit.session, visit.link, order), order)
        return Rejected({"action": visit.words("problems.choice")})

    def _snooze(self, visit: HrVisit, form: Form) -> Accepted | Rejected:
        if form.get("days") not in SNOOZES:
            return Rejected({"days": visit.words("problems.choice")})
        days = int(form["days"])
        present = visit.calendar.to_program(visit.now)
        until = visit.calendar.to_instant(after_working_days(visit.definition, present, days))
        decided = decisions.take_on(visit.session, visit.link, days, until)
        return Accepted("over" if decided is Decided.TOO_LATE else "snooze")

    def _pause(self, visit: HrVisit, form: Form) -> Accepted | Rejected:
        words, written = visit.words, form.get("until", "").strip()
        until: datetime | None = None
        if written:
            try:
                day = date.fromisoformat(written)
            except ValueError:
                return Rejected({"until": words("task.no_date")})
            today = visit.day_of(visit.now)
            if not today < day <= today + LATEST:
                return Rejected({"until": words("task.past" if day <= today else "task.far")})
            until = visit.calendar.to_instant(morning_of(visit.definition, day))
        decided = decisions.order(visit.session, visit.link, Order.HOLD, until)
        return self._accepted(decided, Order.HOLD)

    @staticmethod
    def _accepted(decided: Decided, order: Order) -> Accepted:
        if decided is Decided.TOO_LATE:
            return Accepted("over")
        return Accepted("nothing" if decided is Decided.POINTLESS else order.value)

    def _sure(self, visit: HrVisit, stands: Attention, order: str) -> View | None:
        if order not in FINAL or stands.ending is not None or stands.ordered in FINAL:
            return None
        words, names = visit.words, self._names(visit)
        return View(
            "task_sure.html",
            words(f"task.sure_{order}.title", **names),
            {
                "order": order,
                "text": words(f"task.sure_{order}.text", **names),
                "button": words(f"task.sure_{order}.button"),
            },
        )

    @staticmethod
    def _thanks(visit: HrVisit, page: str, **values: object) -> View:
        view = thanks(visit, page, **values)
        return View("task_done.html", view.title, view.values)

    @staticmethod
    def _names(visit: HrVisit) -> dict[str, str]:
        return {"mentor": visit.pair.mentor.person.name, "mentee": visit.pair.mentee.person.name}

    @staticmethod
    def _stands(visit: HrVisit) -> Attention:
        return pair_story.attention(visit.session, visit.program.id, visit.pair.id)

    def _is_over(self, visit: HrVisit) -> bool:
        stands = self._stands(visit)
        return stands.ending is not None or stands.ordered in FINAL

    @staticmethod
    def _asks(visit: HrVisit, stands: Attention) -> list[str]:
        """Why somebody is asked to look, in words: what waits now, and the ladder it is on."""
        words = visit.words
        said = [words(f"task.asks.{ask}") for ask in stands.asks if ask is not Ask.TASK]
        trigger: Trigger | None = stands.trigger
        if trigger is not None:
            said.append(pair_story.trigger_in_words(words, trigger, visit.definition.ladder))
        return said

    @staticmethod
    def _taken(visit: HrVisit, stands: Attention) -> str | None:
        if stands.taken_until is None or stands.taken_until <= visit.now:
            return None
        return visit.words("task.taken", day=visit.words.day(visit.day_of(stands.taken_until)))
