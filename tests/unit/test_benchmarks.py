"""The harness of `make bench`: what it computes, and that its tables reach benchmarks/README.md."""

from __future__ import annotations

import hashlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import long_tokens, prices, report
from benchmarks.__main__ import QUESTIONS, answered
from benchmarks.cold import whole
from benchmarks.measure import CannotMeasureError, Times, compared, interleaved
from benchmarks.pairs import BEST, OURS, PAIRS, PYTHON
from benchmarks.report import MarkersMissingError, Table, listed
from tests.tokens import rsa_signer

if TYPE_CHECKING:
    from pathlib import Path

TABLE = Table("Speed, milliseconds", "Of a snail.", ("", "median"), [("uphill", "9.0"), ("downhill", "3.0")])
README = "Before.\n<!-- make bench: cold -->\nold\n<!-- end of cold -->\nAfter.\n"


def test_table_is_title_rows_and_note() -> None:
    assert TABLE.markdown() == (
        "**Speed, milliseconds**\n\n|  | median |\n| --- | ---: |\n| uphill | 9.0 |\n| downhill | 3.0 |\n\nOf a snail."
    )


def test_a_list_is_a_paragraph_of_its_own() -> None:
    assert listed(["one", "two"]) == "\n- one;\n- two."


def test_row_that_the_columns_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Table("Speed", "", ("",), [("uphill", "9.0")])


def test_tables_replace_what_stood_between_the_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README)
    for content in ("new", "newer"):
        report.write(readme, "cold", content)
    assert readme.read_text() == ("Before.\n<!-- make bench: cold -->\n\nnewer\n\n<!-- end of cold -->\nAfter.\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="without markers"),
        pytest.param("<!-- make bench: cold -->\n", id="without an end"),
        pytest.param(README + README, id="with the markers twice"),
        pytest.param(README.replace("cold", "warm"), id="with another question's"),
    ],
)
def test_readme_without_a_place_is_left_alone(tmp_path: Path, text: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)
    with pytest.raises(MarkersMissingError, match="no place for cold"):
        report.write(readme, "cold", "new")
    assert readme.read_text() == text


def test_a_question_that_cannot_be_measured_is_told_and_its_table_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = report.README.read_text()
    monkeypatch.setitem(sys.modules, "benchmarks.snail", Snail("benchmarks.snail"))
    assert not answered("snail")
    assert "snail FAILED after 0 s: It sleeps." in capsys.readouterr().err
    assert report.README.read_text() == before


class Snail(ModuleType):
    """A question that cannot be measured."""

    def tables(self) -> list[Table]:
        raise CannotMeasureError("It sleeps.")


def test_readme_has_a_place_for_each_question() -> None:
    text = report.README.read_text()
    places = [text.index(f"<!-- make bench: {question} -->") for question in QUESTIONS]
    assert places == sorted(places)


def test_times_tell_their_quantiles() -> None:
    times = Times([float(number) for number in range(100, -1, -1)])
    assert times.cells(last=(10, 90, 99)) == ["50.0", "10.0", "90.0", "99.0", "101"]


def test_contenders_take_turns_at_being_first() -> None:
    order: list[str] = []

    def contender(name: str) -> float:
        order.append(name)
        return float(len(order))

    times = interleaved({"a": lambda: contender("a"), "b": lambda: contender("b")}, rounds=2, warm_up=1)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert times == {"a": Times([3.0, 6.0]), "b": Times([4.0, 5.0])}


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        pytest.param(70.0, "0.70 times as long (the goal is 0.7)", id="reached"),
        pytest.param(71, "0.71 times as long; the goal, 0.7, is not reached: libraries.", id="missed"),
    ],
)
def test_a_goal_that_is_missed_is_told_with_its_reason(part: float, sentence: str) -> None:
    assert compared(part, 100, 0.7, "libraries.") == sentence


def test_cold_pairs_are_compared_with_tls_and_told_their_goals_and_the_floor() -> None:
    taken = {name: 150.0 for pair in PAIRS.values() for name in pair}
    taken |= {
        "jose 5, bundled": 160.0,
        "the authorizer's libraries alone": 100.0,
        "the handler's libraries alone": 130.0,
    }
    results = {(name, True): Times([milliseconds] * 2) for name, milliseconds in taken.items()}
    results |= {(name, False): Times([100.0] * 2) for pair in (PAIRS[OURS], PAIRS[BEST]) for name in pair}
    table = whole(results, 1769, ["SigninLayer/python/roots.pem"])
    cells = {row[0]: list(row[1:]) for row in table.rows}
    assert cells[OURS] == ["300", "300", "300", "150 + 150", "1.00", "200", "9.04"]
    assert cells[BEST] == ["310", "310", "310", "160 + 150", "0.97", "200", "9.33"]
    assert cells[PYTHON][-2:] == ["", "9.04"]
    floor = "and one call of AWS take 100 + 130 + 40 = 270 ms, 0.87 of it"
    assert f"“{BEST}” 0.97 times as long; the goal, 0.85, is not reached: the libraries of both functions {floor}" in (
        table.note
    )


def test_lambda_bills_both_requests_and_whole_milliseconds_of_the_memory() -> None:
    # 2 GB for 1 ms and for 2 ms, a million times, and two million requests
    assert prices.of_a_million(2048, 0.2, 1.7) == pytest.approx(1_000_000 * (0.003 * 2 * 0.0000166667 + 2 * 0.0000002))


def test_a_snapshot_costs_what_aws_computes_in_its_own_example() -> None:
    """Of 1 GB, in a month of 31 days, with 74,400 starts: 4.03 USD and 10.40 USD (https://aws.amazon.com/lambda/pricing/)."""
    month = 31 * 24 * 3600
    assert f"{prices.of_a_snapshot(1024, month):.2f}" == "4.03"
    assert f"{prices.of_a_snapshot(1024, 0, 74_400):.2f}" == "10.40"


def test_operators_read_what_a_snapshot_costs() -> None:
    text = (report.ROOT / "docs" / "operating.md").read_text()
    rows = [
        [f"{megabytes:,}", *(f"{prices.of_a_snapshot(megabytes, starts=starts):.2f}" for starts in (0, 1000, 100_000))]
        for megabytes in (256, 512, 1024, 1769)
    ]
    for row in rows:
        assert f"| {' | '.join(row)} |" in text
    as_long = prices.RESTORED_GB / prices.GB_SECOND
    assert f"as much as {as_long:.1f} seconds of its running" in text
    for price in (prices.SNAPSHOT_GB_SECOND, prices.RESTORED_GB):
        assert f"{price:.10f} USD a GB" in text


def test_what_a_long_token_costs_is_told_by_parts() -> None:
    taken = {
        long_tokens.VERIFIED: (16.0, 18.0),
        long_tokens.DECODED: (1.0, 5.0),
        long_tokens.READ: (3.0, 7.0),
        long_tokens.PARSED: (7.0, 17.0),
        long_tokens.HASHED: (1.0, 2.5),
    }
    table = long_tokens.table(taken, (64.0, 80.0), 4096, 5)
    assert [list(row[1:]) for row in table.rows] == [
        *(["16.0", "18.0", "2.0"], ["1.0", "5.0", "4.0"], ["3.0", "7.0", "4.0"]),
        ["20.0", "30.0", "10.0"],
        ["3.0", "5.0", "2.0"],
        ["1.0", "2.5", "1.5"],
        ["40.0", "42.5", "2.5"],
        ["64.0", "80.0", "16.0"],
    ]
    assert "1.25 times as long as the plain one, and what nobody can do without 1.50 times" in table.note
    assert "It takes 5.00 times as long as OpenSSL's verification of the plain one" in table.note


def test_parts_of_a_token_are_really_done() -> None:
    token = rsa_signer().token({"sub": "ada", "name": "Ada > Grace?"})
    done: dict[str, Any] = {part: call() for part, call in long_tokens.parts(token, lambda: True).items()}
    assert done[long_tokens.READ] == (done[long_tokens.PARSED].header, done[long_tokens.PARSED].claims)
    assert done[long_tokens.DECODED][2] == done[long_tokens.PARSED].signature
    assert done[long_tokens.HASHED] == hashlib.sha256(token.encode()).hexdigest()
