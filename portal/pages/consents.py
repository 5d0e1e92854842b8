"""What somebody has agreed to, and taking it back: as easily as it was given."""

from __future__ import annotations

from portal.pages.base import Accepted, Form, Rejected
from portal.visits import Visit
from store import answers, consents
from store.consents import Consent, ConsentKind


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
        for one in _that_stand(visit)
    ]


def _that_stand(visit: Visit) -> list[Consent]:
    latest: dict[ConsentKind, Consent] = {}
    for one in consents.history(visit.session, visit.program.id, visit.person.id):
        latest[one.kind] = one
    return [one for one in latest.values() if one.given]


def take_back(visit: Visit, form: Form) -> Accepted | Rejected:
    """Take a consent back; with that to the processing, the person's part in the program ends."""
    kind = form.get("withdraws")
    if kind not in list(ConsentKind):
        return Rejected({"sure": visit.words("problems.choice")})
    if form.get("sure") != "yes":
        return Rejected({f"sure-{kind}": visit.words("data.consents.not_sure")})
    where = visit.session, visit.program.id, visit.person.id
    if consents.withdraw(*where, ConsentKind(kind)) and kind == ConsentKind.PROCESSING:
        answers.withdraw(*where)
    return Accepted(f"took-back-{kind}")


def is_taken_back(visit: Visit, kind: ConsentKind) -> bool:
    """Whether somebody has taken back a consent that they had given."""
    found = consents.history(visit.session, visit.program.id, visit.person.id)
    of_kind = [one for one in found if one.kind is kind]
    return bool(of_kind) and not of_kind[-1].given
