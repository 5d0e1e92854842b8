"""HR's edits: what can stand applies, the rest is refused with its reason, nothing in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.background import Background
from domain.definition import Definition
from domain.editing import edited, edits_back_to
from domain.edits import Edit, EditKind, Two
from domain.matching import match, proposal_of, rule_check
from domain.people import Person, Role
from domain.proposal import Chosen, Proposal
from tests.domain.definitions import definition_with
from tests.domain.examples import examples

APPROVE, LOCK, DROP, SWAP, ADD = (
    EditKind.APPROVE,
    EditKind.LOCK,
    EditKind.DROP,
    EditKind.SWAP,
    EditKind.ADD,
)
DEFINITION = definition_with(
    matching={"rules": [{"rule": "different", "column": "department"}]}, department="Unit"
)


def person(reference: str, *roles: Role, **more: object) -> Person:
    values = {"name": f"Example {reference}", "email": f"{reference}@example.com", **more}
    return Person.model_validate({"reference": reference, "roles": roles, **values})


def mentor(reference: str, department: str = "IT", **more: object) -> Person:
    return person(reference, Role.MENTOR, department=department, **more)


def mentee(reference: str, department: str = "Sales", **more: object) -> Person:
    return person(reference, Role.MENTEE, department=department, **more)


def keyed(*people: Person) -> dict[str, Person]:
    return {p.reference: p for p in people}


PEOPLE = keyed(
    mentor("a"), mentor("b"), mentor("c"), mentee("x"), mentee("y"), mentee("z"), mentee("w", "IT")
)


def proposed(*pairs: str, people: Mapping[str, Person] = PEOPLE, fixed: str = "") -> Proposal:
    chosen = [Chosen(pair[0], pair[1], fixed=pair in fixed.split()) for pair in pairs]
    return proposal_of(DEFINITION, people, chosen)


def edit(row: int | None, kind: EditKind, before: str, after: str = "", comment: str = "") -> Edit:
    def two(pair: str) -> Two | None:
        return (pair[0], pair[1:]) if pair else None

    return Edit(row=row, kind=kind, before=two(before), after=two(after), comment=comment)


def pairs_of(proposal: Proposal) -> set[str]:
    return {pair.mentor + pair.mentee for pair in proposal.pairs}


# --- Each kind of edit ---------------------------------------------------------------------------


def test_a_dropped_pair_is_not_made_and_its_people_wait() -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), [edit(2, DROP, "ax")])
    assert pairs_of(after.proposal) == {"by"}
    assert {"a", "x"} <= {left.key for left in after.proposal.unmatched}
    assert (after.applied, after.refused) == (1, ())


def test_approving_or_leaving_a_pair_out_of_the_file_changes_nothing() -> None:
    before = proposed("ax", "by", fixed="by")
    after = edited(DEFINITION, PEOPLE, before, [edit(2, APPROVE, "ax", "ax")])
    assert after.applied == 0
    assert after.proposal == before


def test_a_lock_and_a_comment_are_kept_and_a_lock_can_be_taken_off() -> None:
    before = proposed("ax", "by", fixed="by")
    after = edited(
        DEFINITION,
        PEOPLE,
        before,
        [edit(2, LOCK, "ax", "ax", "know each other"), edit(3, APPROVE, "by", "by")],
    )
    assert [(p.fixed, p.comment) for p in after.proposal.pairs] == [
        (True, "know each other"),
        (False, ""),
    ]
    assert after.applied == 2


def test_somebody_free_takes_a_place_and_the_pair_is_hr_s() -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), [edit(2, APPROVE, "ax", "az")])
    assert pairs_of(after.proposal) == {"az", "by"}
    assert [pair.fixed for pair in after.proposal.pairs] == [True, False]


def test_a_swap_exchanges_the_partners_of_two_pairs() -> None:
    edits = [edit(2, SWAP, "ax", "ay"), edit(3, APPROVE, "by", "by", "later")]
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), edits)
    assert pairs_of(after.proposal) == {"ay", "bx"}
    assert all(pair.fixed for pair in after.proposal.pairs)
    assert after.proposal.pairs[1].comment == "later"


def test_a_swap_told_in_both_rows_is_one_swap() -> None:
    edits = [edit(2, SWAP, "ax", "ay"), edit(3, SWAP, "by", "bx")]
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), edits)
    assert pairs_of(after.proposal) == {"ay", "bx"}
    assert (after.applied, after.refused) == (2, ())


def test_a_swap_with_somebody_who_has_no_partner_just_brings_them_in() -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax"), [edit(2, SWAP, "ax", "ay")])
    assert pairs_of(after.proposal) == {"ay"}


def test_mentors_are_swapped_too() -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), [edit(2, SWAP, "ax", "bx")])
    assert pairs_of(after.proposal) == {"bx", "ay"}


@pytest.mark.parametrize(
    "edits",
    [
        [edit(2, APPROVE, "ax", "ay"), edit(3, APPROVE, "by", "bx")],
        [
            edit(2, APPROVE, "ax", "ay"),
            edit(3, APPROVE, "by", "bz"),
            edit(4, APPROVE, "cz", "cx"),
        ],
    ],
)
def test_rows_exchange_people_by_hand(edits: list[Edit]) -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by", "cz"), edits)
    assert after.refused == ()
    assert {e.after[0] + e.after[1] for e in edits if e.after} <= pairs_of(after.proposal)


def test_a_new_pair_is_added() -> None:
    after = edited(DEFINITION, PEOPLE, proposed("ax"), [edit(9, ADD, "", "by")])
    assert pairs_of(after.proposal) == {"ax", "by"}


# --- What can't stand ----------------------------------------------------------------------------


def refusals(
    edits: list[Edit],
    before: Proposal,
    people: Mapping[str, Person] = PEOPLE,
    background: Background | None = None,
) -> list[tuple[int | None, str]]:
    after = edited(DEFINITION, people, before, edits, background=background)
    return [(no.row, reason) for no in after.refused for reason in no.reasons]


def test_a_broken_hard_rule_is_refused_in_words_and_the_rest_applies() -> None:
    edits = [edit(2, APPROVE, "ax", "aw"), edit(3, DROP, "by")]
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), edits)
    assert pairs_of(after.proposal) == {"ax"}
    assert after.applied == 1
    (no,) = after.refused
    assert (no.row, no.who) == (2, ("a", "w"))
    assert no.reasons == ("the same department: both have “IT”.",)


def test_half_a_swap_that_can_t_stand_refuses_the_whole() -> None:
    before = proposed("ax", "by", people=PEOPLE)
    sales = {**PEOPLE, "b": mentor("b", "Law"), "x": mentee("x", "Law")}
    after = edited(DEFINITION, sales, before, [edit(2, SWAP, "ax", "ay")])
    assert pairs_of(after.proposal) == {"ax", "by"}
    assert after.refused[0].reasons == ("b and x: the same department: both have “Law”.",)


def test_half_an_exchange_by_hand_refuses_the_whole_also_with_room_to_spare() -> None:
    people = keyed(
        mentor("a"), mentor("b", "Law"), mentee("x", "Law", capacity=2), mentee("y", capacity=2)
    )
    edits = [edit(2, APPROVE, "ax", "ay"), edit(3, APPROVE, "by", "bx")]
    after = edited(DEFINITION, people, proposed("ax", "by", people=people), edits)
    assert pairs_of(after.proposal) == {"ax", "by"}
    assert [no.row for no in after.refused] == [2, 3]


def test_who_is_unknown_or_absent_is_said_and_the_nearest_id_offered() -> None:
    people = keyed(mentor("2001"), mentee("3001"), mentee("3002"))
    background = Background(everybody=(*people.values(), mentee("3003")))
    before = proposal_of(DEFINITION, people, [Chosen("2001", "3001")])

    def change(to: str) -> Edit:
        return Edit(row=2, kind=APPROVE, before=("2001", "3001"), after=("2001", to))

    assert refusals([change("30002")], before, people, background) == [
        (2, "there is nobody with the id “30002”. Did you mean “3002”?")
    ]
    assert refusals([change("3003")], before, people, background) == [
        (2, "“3003” does not take part in this program.")
    ]


def test_the_same_two_twice_is_refused_and_names_the_other_row() -> None:
    roomy = {**PEOPLE, "a": mentor("a", capacity=2), "x": mentee("x", capacity=2)}
    edits = [edit(2, APPROVE, "ax", "ax"), edit(9, ADD, "", "ax")]
    assert refusals(edits, proposed("ax", people=roomy), roomy) == [
        (9, "a and x are a pair in row 2 already.")
    ]


def test_of_too_many_pairs_the_last_edit_in_the_file_is_refused() -> None:
    edits = [
        edit(2, APPROVE, "ax", "ax"),
        edit(3, APPROVE, "by", "bz"),
        edit(4, ADD, "", "cz"),
    ]
    assert refusals(edits, proposed("ax", "by")) == [
        (
            4,
            "z would be in 2 pairs (rows 3, 4), but has room for 1. Drop one of them, or write "
            "“swap” to exchange partners.",
        )
    ]


def test_a_refused_edit_gives_back_whom_it_let_go_so_that_who_took_them_is_refused_too() -> None:
    edits = [edit(2, APPROVE, "ax", "aw"), edit(3, APPROVE, "by", "bx")]
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by"), edits)
    assert pairs_of(after.proposal) == {"ax", "by"}
    assert [no.row for no in after.refused] == [2, 3]


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ([edit(2, SWAP, "ax", "ax")], "to swap, write the id of one person"),
        ([edit(2, SWAP, "ax", "bz")], "to swap, write the id of one person"),
        ([edit(2, DROP, "ab")], "this pair is not in the proposal."),
        (
            [edit(2, APPROVE, "ax", "ax"), edit(3, DROP, "ax")],
            "row 2 is about the same pair already.",
        ),
        (
            [edit(2, SWAP, "ax", "ay"), edit(3, DROP, "by")],
            "row 3 changes the pair that y comes from in another way.",
        ),
        (
            [edit(2, SWAP, "ax", "ay"), edit(3, LOCK, "by", "by")],
            "row 3 locks the pair that y comes from. Write “approve” there to let it change.",
        ),
        (
            [edit(2, SWAP, "ax", "ay"), edit(4, SWAP, "cz", "cy")],
            "row 2 swaps y already.",
        ),
    ],
)
def test_edits_that_make_no_sense_say_why(edits: list[Edit], reason: str) -> None:
    told = refusals(edits, proposed("ax", "by", "cz"))
    assert len(told) == 1
    assert told[0][1].startswith(reason)


def test_a_swap_with_somebody_in_several_pairs_asks_for_both_rows() -> None:
    people = {**PEOPLE, "y": mentee("y", capacity=2)}
    before = proposed("ax", "by", "cy", people=people)
    told = refusals([edit(2, SWAP, "ax", "ay")], before, people)
    assert told[0][1].startswith("y is in 2 pairs, so it can't be told which one to swap with.")


def test_a_pair_whose_person_left_is_told_though_nobody_edited_it() -> None:
    before = proposed("ax", "by")
    here = {key: p for key, p in PEOPLE.items() if key != "x"}
    after = edited(DEFINITION, here, before, [])
    assert pairs_of(after.proposal) == {"by"}
    assert after.refused[0].who == ("a", "x")
    assert after.refused[0].reasons == (
        "the pair as it was can't stay: the mentee does not take part any more.",
    )
    mended = edited(DEFINITION, here, before, [edit(2, APPROVE, "ax", "az")])
    assert pairs_of(mended.proposal) == {"az", "by"}
    assert mended.refused == ()


# --- Wishes that HR sets aside -------------------------------------------------------------------


def test_a_pair_whose_person_left_is_told_also_beside_a_swap_with_it_that_is_refused() -> None:
    here = {key: one for key, one in PEOPLE.items() if key != "b"}
    edits = [edit(2, APPROVE, "by", "by"), edit(3, SWAP, "ax", "ay")]
    after = edited(DEFINITION, here, proposed("ax", "by"), edits)
    assert pairs_of(after.proposal) == {"ax"}
    assert {no.row: no.who for no in after.refused} == {2: ("b", "y"), 3: ("a", "y")}


def test_going_below_the_floor_is_allowed_and_written_down() -> None:
    wish = {"prefer": "same", "column": "location"}
    rules: dict[str, object] = {"rules": [], "preferences": [wish], "floor": 50}
    definition = definition_with(matching=rules, location="Place")
    people = keyed(
        mentor("a", location="Oslo"), mentee("x", location="Oslo"), mentee("y", location="Graz")
    )
    before = match(definition, people)
    after = edited(definition, people, before, [edit(2, APPROVE, "ax", "ay")])
    (pair,) = after.proposal.pairs
    assert pair.overruled == (
        "scores 0, below the floor of 50",
        "a better score: 100 as proposed, 0 now",
    )
    again = edited(definition, people, after.proposal, [edit(2, LOCK, "ay", "ay", "as agreed")])
    assert again.proposal.pairs[0].overruled == pair.overruled


# --- Matching the rest anew ----------------------------------------------------------------------


def test_the_rest_is_matched_anew_around_locks_and_what_was_dropped_stays_apart() -> None:
    edits = [
        edit(2, LOCK, "ax", "ax", "keep"),
        edit(3, DROP, "by"),
        edit(4, APPROVE, "cz", "cz", "hm"),
    ]
    after = edited(DEFINITION, PEOPLE, proposed("ax", "by", "cz"), edits, solve=True)
    assert pairs_of(after.proposal) == {"ax", "bz", "cy"}
    kept = {pair.mentor: pair for pair in after.proposal.pairs}
    assert (kept["a"].fixed, kept["a"].comment) == (True, "keep")
    assert not kept["b"].fixed


def test_a_dropped_pair_stays_apart_in_the_next_round_too_unless_hr_puts_it_together() -> None:
    dropped = edited(DEFINITION, PEOPLE, proposed("ax", "by", "cz"), [edit(2, DROP, "ax")])
    assert dropped.proposal.apart == (("a", "x"),)
    anew = edited(DEFINITION, PEOPLE, dropped.proposal, [], solve=True)
    assert "ax" not in pairs_of(anew.proposal)
    together = edited(DEFINITION, PEOPLE, dropped.proposal, [edit(9, EditKind.ADD, "", "ax")])
    assert together.proposal.apart == ()


def test_a_pair_that_the_definition_fixed_can_be_dropped_for_good() -> None:
    definition = definition_with(matching={"rules": [], "fixed": [["a", "x"]]})
    people = keyed(mentor("a"), mentee("x"), mentee("y"))
    before = match(definition, people)
    assert pairs_of(before) == {"ax"}
    after = edited(definition, people, before, [edit(2, DROP, "ax")], solve=True)
    assert pairs_of(after.proposal) == {"ay"}


# --- Whatever the edits --------------------------------------------------------------------------


@st.composite
def edited_programs(
    draw: st.DrawFn,
) -> tuple[Definition, dict[str, Person], Proposal, list[Edit]]:
    mode = draw(st.sampled_from(["one_way", "mutual"]))
    either = (Role.MENTOR, Role.MENTEE)
    people = keyed(
        *(
            person(
                key,
                *(either if mode == "mutual" else draw(st.sampled_from([either[:1], either[1:]]))),
                level=draw(st.sampled_from("AB")),
                department=draw(st.sampled_from(["IT", "Sales"])),
                capacity=draw(st.integers(1, 2)),
            )
            for key in "abcdefg"[: draw(st.integers(3, 7))]
        )
    )
    rules = [{"rule": "different", "column": "department"}] if draw(st.booleans()) else []
    definition = definition_with(mode=mode, matching={"rules": rules}, department="Unit")
    before = match(definition, people)
    anybody = st.sampled_from([*people, "?"])
    two = st.tuples(anybody, anybody)
    befores = [(pair.mentor, pair.mentee) for pair in before.pairs]
    edits: list[Edit] = []
    for row in range(2, 2 + draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(EditKind))
        some = None if kind is ADD else draw(st.sampled_from(befores) if befores else two)
        after = None if kind is DROP else draw(two)
        if after is not None and some is not None and draw(st.booleans()):
            after = draw(st.sampled_from([some, (some[0], after[1]), (after[0], some[1])]))
        edits.append(Edit(row=row, kind=kind, before=some, after=after))
    gone = draw(st.sampled_from([None, *people]))
    here = {key: p for key, p in people.items() if key != gone}
    return definition, here, before, edits


@examples(400)
@given(edited_programs(), st.booleans())
def test_whatever_the_edits_no_rule_and_no_room_is_broken_and_no_refusal_is_silent(
    program: tuple[Definition, dict[str, Person], Proposal, list[Edit]], solve: bool
) -> None:
    definition, people, before, edits = program
    after = edited(definition, people, before, edits, solve=solve)
    pairs = [(pair.mentor, pair.mentee) for pair in after.proposal.pairs]

    broken = rule_check(definition, Background(everybody=tuple(people.values())))
    assert not [why for one, two in pairs for why in broken(people[one], people[two])]
    used = Counter(key for pair in pairs for key in pair)
    assert all(count <= people[key].capacity for key, count in used.items())
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)

    told = {no.row for no in after.refused}
    assert all(no.reasons for no in after.refused)
    made = {frozenset(pair) for pair in pairs}
    swapped = any(e.kind is SWAP and e.row not in told for e in edits)
    for one in edits:
        if one.row in told:
            continue
        may_change = one.kind is APPROVE and one.after == one.before and (solve or swapped)
        if one.after is not None and not may_change:
            assert frozenset(one.after) in made
        if one.kind is DROP:
            assert one.before is not None
            again = [
                e
                for e in edits
                if e.row not in told and e.after and set(e.after) == set(one.before)
            ]
            assert frozenset(one.before) not in made or again
    if not solve and not swapped:
        left_alone = {(p.mentor, p.mentee) for p in before.pairs} - {
            e.before for e in edits if e.row not in told
        }
        lost = {no.who for no in after.refused}
        assert left_alone <= {*pairs, *lost}


# --- While pairs run, and back again --------------------------------------------------------------


def test_who_has_no_room_is_named_by_the_organisation_s_id() -> None:
    people = {f"p-{key}": one for key, one in PEOPLE.items() if key in "axy"}
    full = {"p-b1": mentor("b1"), **people}
    before = proposal_of(DEFINITION, people, [Chosen("p-a", "p-x")])
    add = Edit(row=3, kind=ADD, after=("p-b1", "p-y"))
    after = edited(DEFINITION, people, before, [add], without_room=full)
    ((why,),) = [refusal.reasons for refusal in after.refused]
    assert why == ("b1 has no room for another pair: their running pairs take all their places.")
    assert after.proposal == before


def test_edits_that_are_all_refused_leave_the_very_same_proposal() -> None:
    # What a repair tells of those who wait differs from what writing it out anew would say.
    before = proposed("ax", "by").model_copy(update={"unmatched": (), "not_looked_at": 3})
    after = edited(DEFINITION, PEOPLE, before, [edit(2, ADD, "", "ay"), edit(3, LOCK, "cz", "cz")])
    assert len(after.refused) == 2
    assert after.proposal == before


def test_an_earlier_proposal_s_pairs_come_back_with_their_locks_and_notes() -> None:
    earlier = proposed("ax", "by", "cz", fixed="by")
    changes = [
        edit(2, DROP, "ax"),
        edit(3, DROP, "by"),
        edit(4, LOCK, "cz", "cz", "mine"),
        edit(None, ADD, "", "ay"),
    ]
    now = edited(DEFINITION, PEOPLE, earlier, changes).proposal
    assert pairs_of(now) == {"ay", "cz"}
    back = edited(DEFINITION, PEOPLE, now, edits_back_to(earlier, now))
    assert back.refused == ()
    assert back.proposal.pairs == earlier.pairs
