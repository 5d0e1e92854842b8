"""The mentoring agreement: what it says, who has signed what, and signing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from domain.agreement import PairAgreement, Particulars, particulars_of
from domain.surveys import AnswerValue, read_answers
from portal.pages.base import (
    Accepted,
    Form,
    Rejected,
    View,
    labels_of,
    problem_with,
    thanks,
)
from portal.visits import Ended, Visit, first_name
from store import agreements, answers
from store.answers import TermsChanged
from store.tables import SignatureRow

AS_IT_IS = "as_it_is"
"""What the form says that signs what the partner signed."""

_COPY = re.compile(r"copy-(\d{1,6})")
"""`?done=copy-2` shows what was signed as terms 2."""


@dataclass(frozen=True)
class Changed:
    """A question that is answered differently now, in words."""

    question: str
    before: str
    now: str


@dataclass(frozen=True)
class Copy:
    """Something that this person signed, and where to read it."""

    text: str
    url: str


class AgreementPage:
    """The text and the choices, and a button to sign.

    Who comes first makes the choices. Who comes second signs them with one click, or changes them;
    then the first one comes back to what was changed.
    """

    def show(self, visit: Visit, typed: Form | None) -> View:
        """What stands now, who signed it, and what there is to do."""
        agreement, signed = visit.content.agreement(), _signed(visit)
        is_open = _is_open(visit)
        if signed.of(visit.role) is None and not is_open:
            visit.must_be_open()
        latest, words = signed.latest, visit.words
        is_current = latest is None or latest.version == agreement.version
        to_sign = latest is not None and not signed.has_signed(visit.role)
        is_fresh = latest is None or (to_sign and not is_current)
        items = agreement.choices.items_for(visit.role)
        proposed = typed if typed is not None and typed.get("how") != AS_IT_IS else None
        chosen = {key: str(value) for key, value in latest.choices.items()} if latest else {}
        return View(
            "agreement.html",
            agreement.title,
            {
                "standing": _standing(visit, signed),
                "waiting": not signed.in_force,
                "replaced": latest is not None and not is_current,
                "changed": _changed(visit, signed) if to_sign else (),
                "text_is_new": to_sign and _reads_new_text(signed, visit),
                "body": _body(visit, signed, is_fresh),
                "new_body": _text(visit) if not is_current and not is_fresh else None,
                "as_it_is": to_sign and is_current and is_open,
                "can_change": is_open,
                "change_open": proposed is not None,
                "first": is_fresh,
                "seen": signed.terms,
                "choices": agreement.choices,
                "items": items,
                "labels": labels_of(items, visit.role),
                "role": visit.role,
                "typed": proposed if proposed is not None else chosen,
                "partner_first": first_name(visit.with_partner),
                "copies": [
                    Copy(words("agreement.copy", when=_day(visit, row.signed_at)), _url_of(row))
                    for row in reversed(_rows(visit))
                ],
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What comes next; or a copy of what was signed."""
        if (asked := _COPY.fullmatch(what)) is not None:
            return _copy(visit, int(asked[1]))
        signed, name = _signed(visit), first_name(visit.with_partner)
        if not signed.terms or not signed.has_signed(visit.role):
            return None
        if signed.in_force:
            return thanks(visit, "agreement.both", partner=name)
        partner_knows_it = signed.of(visit.role.other) is not None
        key = "agreement.again" if partner_knows_it else "agreement.first"
        return thanks(visit, key, partner=name)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the signature."""
        visit.must_be_open()
        if form.get("how") == AS_IT_IS:
            return self._sign_as_it_is(visit, form)
        agreement = visit.content.agreement()
        tidy = {key: text.replace("\r\n", "\n") for key, text in form.items()}
        choices, wrong = read_answers(agreement.choices, visit.role, tidy)
        problems = {
            item.id: problem_with(visit.words, item, tidy.get(item.id, ""))
            for item in agreement.choices.items_for(visit.role)
            if item.id in wrong
        }
        if form.get("signs") != "yes":
            problems["signs"] = visit.words("agreement.not_ticked")
        if problems:
            return Rejected(problems)
        return _sign(visit, choices, _number(form.get("seen")))

    @staticmethod
    def _sign_as_it_is(visit: Visit, form: Form) -> Accepted | Rejected:
        signed, seen = _signed(visit), _number(form.get("seen"))
        mine = signed.of(visit.role)
        if mine is not None and mine.terms == seen:
            return Accepted()  # the button was clicked twice
        shown = next((s for s in signed.signatures if s.terms == seen), None)
        if shown is None or shown.version != visit.content.agreement().version:
            return _meanwhile(visit)
        return _sign(visit, shown.choices, seen)


def _sign(
    visit: Visit, choices: Mapping[str, AnswerValue], seen: int | None
) -> Accepted | Rejected:
    content = visit.content
    text = content.agreement_signed(_particulars(visit), choices, visit.role)
    try:
        answers.sign_agreement(
            visit.session,
            visit.link,
            content.agreement().version,
            content.language,
            text,
            choices,
            seen=seen,
        )
    except TermsChanged:
        return _meanwhile(visit)
    return Accepted()


def _meanwhile(visit: Visit) -> Rejected:
    name = first_name(visit.with_partner)
    return Rejected({"seen": visit.words("agreement.changed_meanwhile", partner=name)})


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else None


def _signed(visit: Visit) -> PairAgreement:
    return agreements.agreement_of(visit.session, visit.in_pair.id)


def _rows(visit: Visit) -> list[SignatureRow]:
    return list(agreements.signed_by(visit.session, visit.in_pair.id, visit.person.id))


def _particulars(visit: Visit) -> Particulars:
    return particulars_of(visit.definition, visit.sessions_planned)


def _is_open(visit: Visit) -> bool:
    try:
        visit.must_be_open()
    except Ended:
        return False
    return True


def _day(visit: Visit, at: datetime) -> str:
    return visit.words.day(visit.local_of(at))


def _url_of(row: SignatureRow) -> str:
    return f"?done=copy-{row.terms}"


def _standing(visit: Visit, signed: PairAgreement) -> str:
    """Who has signed what stands now, in a sentence."""
    words, partner = visit.words, first_name(visit.with_partner)
    mine, theirs = signed.of(visit.role), signed.of(visit.role.other)
    if signed.in_force and mine and theirs:
        return words(
            "agreement.in_force",
            partner=partner,
            when=_day(visit, mine.at),
            theirs=_day(visit, theirs.at),
        )
    if mine and signed.has_signed(visit.role):
        return words("agreement.i_wait", partner=partner, when=_day(visit, mine.at))
    if theirs and mine:
        return words(
            "agreement.partner_changed",
            partner=partner,
            when=_day(visit, theirs.at),
            mine=_day(visit, mine.at),
        )
    if theirs:
        return words("agreement.partner_waits", partner=partner, when=_day(visit, theirs.at))
    return words("agreement.not_signed")


def _changed(visit: Visit, signed: PairAgreement) -> tuple[Changed, ...]:
    """What the partner changed since this person signed."""
    items = {item.id: item for item in visit.content.agreement().choices.items_for(visit.role)}
    nothing = visit.words("agreement.nothing")
    return tuple(
        Changed(
            question=item.text_for(visit.role),
            before=item.in_words(change.before) or nothing,
            now=item.in_words(change.now) or nothing,
        )
        for change in signed.changes_for(visit.role)
        if (item := items.get(change.item)) is not None
    )


def _reads_new_text(signed: PairAgreement, visit: Visit) -> bool:
    mine = signed.of(visit.role)
    return mine is not None and mine.version != visit.content.agreement().version


def _body(visit: Visit, signed: PairAgreement, is_fresh: bool) -> Markup:
    """What this person signed, while that is what stands; else what there is to sign."""
    latest, content = signed.latest, visit.content
    kept = next((row.text for row in _rows(visit) if row.terms == signed.terms), None)
    if kept is None and latest is not None and not is_fresh:
        kept = content.agreement_signed(_particulars(visit), latest.choices, visit.role)
    return _html(visit, _title_and_text(kept)[1]) if kept is not None else _text(visit)


def _text(visit: Visit) -> Markup:
    """The text as it is now, without any choices."""
    return _html(visit, visit.content.agreement_text(_particulars(visit)))


def _html(visit: Visit, markdown: str) -> Markup:
    return Markup(visit.content.html(markdown))  # noqa: S704 - HTML in it comes out as text


def _title_and_text(signed: str) -> tuple[str, str]:
    title, _, text = signed.partition("\n")
    return title.removeprefix("# "), text


def _copy(visit: Visit, terms: int) -> View | None:
    """What this person signed, as they read it then, to be printed or kept."""
    row = next((row for row in _rows(visit) if row.terms == terms), None)
    if row is None:
        return None
    words, partner = visit.words, visit.with_partner
    name, text = _title_and_text(row.text)
    theirs = next(
        (
            signature
            for signature in _signed(visit).signatures
            if signature.terms == terms and signature.role is visit.role.other
        ),
        None,
    )
    return View(
        "agreement_copy.html",
        words("agreement.copy_title", when=_day(visit, row.signed_at)),
        {
            "of": words(
                "agreement.copy_of",
                me=visit.person.name,
                partner=partner.name,
                version=row.version,
                terms=row.terms,
            ),
            "by_partner": words(
                "agreement.copy_partner", partner=partner.name, when=_day(visit, theirs.at)
            )
            if theirs
            else words("agreement.copy_partner_not", partner=partner.name),
            "name": name,
            "body": _html(visit, text),
            "language": row.language,
        },
    )
