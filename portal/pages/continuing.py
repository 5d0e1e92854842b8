"""Would you like to go on meeting, once the program is over?"""

from __future__ import annotations

from domain.deeds import Wish
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit, first_name
from store import answers

_WITHOUT_A_REMINDER = (Wish.GO_ON, Wish.STOP)


class ContinuePage:
    """Yes with reminders, yes by ourselves, or no; afterwards a way to stop the reminders."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The choices; once the pair has ended, what can still be changed."""
        wish, partner = _wish(visit), first_name(visit.with_partner)
        if _is_over(visit):
            if wish is None:
                raise Ended("pair")
            if wish is not Wish.GO_ON_WITH_MAILS:
                return self._settled(visit)
            return View(
                "reminders.html",
                visit.words("continue.reminders.title"),
                {"text": visit.words("continue.reminders.text", partner=partner)},
            )
        if visit.participant.withdrew_at is not None:
            raise Ended("part")
        choices = _choices(visit)
        return View(
            "continue.html",
            visit.words("continue.title", partner=partner),
            {
                "partner_first": partner,
                "choices": [
                    (one.value, visit.words(f"continue.{one.value}"), _hint(visit, one))
                    for one in choices
                ],
                "chosen": (typed or {}).get("wish") or (wish.value if wish else ""),
                "answered": wish is not None,
                "labels": {"wish": visit.words("continue.asks")},
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What happens now."""
        wish = _wish(visit)
        if wish is None:
            return None
        if what == "stopped" or _is_over(visit):
            return self._settled(visit) if wish is not Wish.GO_ON_WITH_MAILS else None
        name = first_name(visit.with_partner)
        view = thanks(visit, "continue.no" if wish is Wish.STOP else "continue.yes", partner=name)
        again = (visit.words("continue.change"), "?")
        return View(view.template, view.title, {**view.values, "again": again})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the wish, or stop the reminders."""
        if _is_over(visit):
            if form.get("stop") != "yes" and _wish(visit) is Wish.GO_ON_WITH_MAILS:
                return Rejected({"stop": visit.words("problems.choice")})
            if _wish(visit) is None:
                raise Ended("pair")
            answers.stop_reminders(visit.session, visit.link)
            return Accepted("stopped")
        chosen = next((one for one in _choices(visit) if one == form.get("wish")), None)
        if chosen is None:
            return Rejected({"wish": visit.words("problems.choice")})
        answers.wish(visit.session, visit.link, chosen)
        return Accepted()

    @staticmethod
    def _settled(visit: Visit) -> View:
        return thanks(visit, "continue.settled", partner=first_name(visit.with_partner))


def _choices(visit: Visit) -> tuple[Wish, ...]:
    mails = visit.definition.afterwards.mails
    return (Wish.GO_ON_WITH_MAILS, *_WITHOUT_A_REMINDER) if mails else _WITHOUT_A_REMINDER


def _hint(visit: Visit, wish: Wish) -> str | None:
    """How many reminders there are, and how far apart."""
    if wish is not Wish.GO_ON_WITH_MAILS:
        return None
    afterwards = visit.definition.afterwards
    weeks, odd_days = divmod(afterwards.every, 7)
    apart = (
        visit.words("continue.days", count=afterwards.every)
        if odd_days
        else visit.words("continue.weeks", count=weeks)
    )
    return visit.words("continue.mails", count=afterwards.mails, apart=apart)


def _wish(visit: Visit) -> Wish | None:
    return answers.wished(visit.session, visit.program.id, visit.in_pair.id, visit.person.id)


def _is_over(visit: Visit) -> bool:
    return answers.pair_is_over(visit.session, visit.in_pair.id)
