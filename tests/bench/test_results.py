"""Claims are held against what was measured, and results go where they belong."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.comparison import OURS, PEER, Case, Compared
from bench.peer_environment import REQUIREMENTS
from bench.runs import CommandFailed, Run, Spread, interleaved, ratio_of, run
from bench.scale import FULL, SHORT
from bench.tables import DOCUMENT, Result, table, with_results
from bench.yardstick import Rules, Verdict


def took(seconds: float, steps: float) -> Run:
    return Run(seconds, 1, "", {"load": steps / 2, "solve": steps / 2})


CASE = Case(title="a case", rules=Rules.BASIC, rows=(), runs=2, side=1_000)
GOOD = Compared(
    case=CASE,
    ours=Verdict(pairs=10, points=95, broken=()),
    peer=Verdict(pairs=9, points=96, broken=()),
    best_score=Verdict(pairs=9, points=97, broken=()),
    optimum=95,
    runs={OURS: [took(1, 0.5), took(1, 0.5)], PEER: [took(20, 10), took(30, 20)]},
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
        (
            {"runs": {**GOOD.runs, PEER: [took(20, 10), took(30, 9)]}},
            "faster in the steps",
        ),
        ({"runs": {**GOOD.runs, PEER: [took(20, 10), took(19, 10)]}}, "faster as a whole"),
    ],
)
def test_each_claim_can_fail(change: dict[str, object], claim: str) -> None:
    found = failing(replace(GOOD, **change))  # type: ignore[arg-type]
    assert len(found) == 1
    assert claim in found[0]


@pytest.mark.parametrize(("side", "claims"), [(38, 0), (500, 1), (1_000, 2)])
def test_claims_of_speed_are_made_from_a_size_on(side: int, claims: int) -> None:
    compared = replace(GOOD, case=replace(CASE, side=side))
    assert sum("faster" in check.claim for check in compared.checks()) == claims


def test_both_ratios_stand_side_by_side() -> None:
    assert GOOD.rows()[0][-2:] == ("30.0", "25.0")


def test_a_ratio_is_taken_turn_by_turn() -> None:
    assert ratio_of(Spread((10, 90)), Spread((1, 3))).values == (10, 30)


def test_commands_run_in_turn() -> None:
    told: list[str] = []
    commands = {name: [sys.executable, "-c", f"print('{name}')"] for name in ("a", "b")}
    found = interleaved(commands, 2, told.append)
    assert [words.split(",")[0] for words in told] == ["a", "b", "a", "b"]
    assert {name: [one.output for one in runs] for name, runs in found.items()} == {
        "a": ["a\n", "a\n"],
        "b": ["b\n", "b\n"],
    }


def test_steps_are_read_from_the_file_that_the_command_wrote(tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    writes = f'open({str(target)!r}, \'w\').write(\'{{"timings": {{"load": 1, "solve": 2}}}}\')'
    assert run([sys.executable, "-c", writes], target).in_steps == 3


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
