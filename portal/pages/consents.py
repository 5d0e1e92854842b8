"""What somebody has agreed to, and taking it back: as easily as it was given."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.pages.base import Accepted, Form, Rejected
from portal.visits import Visit
from store import answers, consents
from store.consents import ConsentKind


def shown(visit: Visit) -> list[dict[str, object]]:
    """Each consent that stands in this program, in words, with what taking it back means."""
    words = visit.words
    return [
        {
            "kind": one.kind.value,
            "title": words(f"data.consents.{one.kind.value}.title"),
            "text": one.text or words(f"data.consents.{one.kind.value}.text"),
            "given": words(
                f"data.consents.given_{one.source.value}",
                when=words.moment(visit.local_of(one.at)),
            ),
            "follows": words(f"data.consents.{one.kind.value}.follows"),
            "sure": words(f"data.consents.{one.kind.value}.sure"),
        }
        for one in consents.latest(*_where(visit)).values()
        if one.given
    ]


def take_back(visit: Visit, form: Form) -> Accepted | Rejected:
    """Take a consent back; with that to the processing, the person's part in the program ends."""
    kind = form.get("withdraws")
    if kind not in list(ConsentKind):
        return Rejected({"sure": visit.words("problems.choice")})
    if form.get("sure") != "yes":
        return Rejected({f"sure-{kind}": visit.words("data.consents.not_sure")})
    taken_back = consents.withdraw(*_where(visit), ConsentKind(kind))
    if taken_back and kind == ConsentKind.PROCESSING:
        answers.withdraw(*_where(visit))
    return Accepted(f"took-back-{kind}")


def is_taken_back(visit: Visit, kind: ConsentKind) -> bool:
    """Whether somebody has taken back a consent that they had given."""
    found = consents.latest(*_where(visit)).get(kind)
    return found is not None and not found.given


def _where(visit: Visit) -> tuple[Session, str, str]:
    return visit.session, visit.program.id, visit.person.id
