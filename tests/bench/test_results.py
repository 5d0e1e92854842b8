"""Claims are held against what was measured, and results go where they belong."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from bench.comparison import OURS, PEER, Case, Compared
from bench.peer_environment import REQUIREMENTS
from bench.runs import CommandFailed, Run, interleaved, ratio_of, run
from bench.scale import FULL, SHORT
from bench.tables import DOCUMENT, Result, table, with_results
from bench.yardstick import Rules, Verdict

CASE = Case(title="a case", rules=Rules.BASIC, rows=(), runs=2, side=500)
GOOD = Compared(
    case=CASE,
    ours=Verdict(pairs=10, points=95, broken=()),
    peer=Verdict(pairs=9, points=96, broken=()),
    best_score=Verdict(pairs=9, points=97, broken=()),
    optimum=95,
    runs={OURS: [Run(1, 1, ""), Run(1, 1, "")], PEER: [Run(20, 1, ""), Run(30, 1, "")]},
)


def failing(compared: Compared) -> list[str]:
    return [check.claim for check in compared.checks() if not check.holds]


def test_more_pairs_and_a_better_total_at_the_peers_number_hold() -> None:
    assert failing(GOOD) == []


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"peer": Verdict(11, 90, ())}, "never fewer pairs"),
        ({"best_score": Verdict(9, 95, ())}, "never a lower total"),
        ({"peer": Verdict(10, 96, ())}, "never a lower total"),
        ({"optimum": 96}, "no total of 10 pairs is higher"),
        ({"ours": Verdict(10, 95, ("a, b: level gap",))}, "no hard rule broken"),
        ({"best_score": Verdict(9, 97, ("a, b: level gap",))}, "no hard rule broken"),
        ({"runs": {**GOOD.runs, PEER: [Run(20, 1, ""), Run(19, 1, "")]}}, "at least 20 times"),
    ],
)
def test_each_claim_can_fail(change: dict[str, object], claim: str) -> None:
    found = failing(replace(GOOD, **change))  # type: ignore[arg-type]
    assert len(found) == 1
    assert claim in found[0]


def test_small_cases_make_no_claim_of_speed() -> None:
    small = replace(GOOD, case=replace(CASE, side=38))
    assert not any("faster" in check.claim for check in small.checks())


def test_a_ratio_is_taken_turn_by_turn() -> None:
    slow, quick = [Run(10, 1, ""), Run(90, 1, "")], [Run(1, 1, ""), Run(3, 1, "")]
    assert ratio_of(slow, quick).values == (10, 30)


def test_commands_run_in_turn() -> None:
    told: list[str] = []
    commands = {name: [sys.executable, "-c", f"print('{name}')"] for name in ("a", "b")}
    found = interleaved(commands, 2, told.append)
    assert [words.split(",")[0] for words in told] == ["a", "b", "a", "b"]
    assert {name: [one.output for one in runs] for name, runs in found.items()} == {
        "a": ["a\n", "a\n"],
        "b": ["b\n", "b\n"],
    }


def test_memory_is_that_of_the_command_itself() -> None:
    small = run([sys.executable, "-c", "pass"]).megabytes
    large = run([sys.executable, "-c", "bytearray(b'x' * 200_000_000)"]).megabytes
    assert 180 < large - small < 420


def test_a_command_that_fails_tells_what_it_said() -> None:
    with pytest.raises(CommandFailed, match=r"ended with 3:\nno people"):
        run([sys.executable, "-c", "import sys; print('no people', file=sys.stderr); sys.exit(3)"])


def test_results_replace_what_stands_between_their_markers_and_nothing_else() -> None:
    text = (
        "a\n<!-- measured: one -->\nold\n<!-- end -->\nb\n<!-- measured: two -->\nx\n<!-- end -->"
    )
    new = with_results(text, [Result("one", "new\n", ())])
    assert new == text.replace("old", "new")


def test_a_result_without_a_place_in_the_document_is_refused() -> None:
    with pytest.raises(KeyError, match="three"):
        with_results("<!-- measured: one -->\n<!-- end -->", [Result("three", "", ())])


def test_the_document_has_a_place_for_every_result() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    names = ["matching-peer", "matching-scale", "matching-scale-full"]
    assert with_results(text, [Result(name, "here", ()) for name in names]).count("here\n") >= 3


def test_tables_line_up() -> None:
    lines = table(("a", "b"), [("longer", "1"), ("x", "2")]).splitlines()
    assert lines == ["| a      | b |", "| ------ | - |", "| longer | 1 |", "| x      | 2 |"]


def test_the_peer_is_pinned_with_hashes_and_no_index_is_named() -> None:
    text = REQUIREMENTS.read_text(encoding="utf-8")
    assert "mentor-match==7.0.1" in text
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)
    for block in re.split(r"\n(?=\w)", text)[1:]:
        assert "--hash=sha256:" in block


def test_the_short_form_leaves_out_the_large_sizes() -> None:
    assert max(SHORT) < min(FULL)
