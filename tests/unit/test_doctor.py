"""All checks of the doctor run at the same time, whatever becomes of one; nothing secret is printed."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from operations.doctor.checks import CHECKS, Check, check
from operations.doctor.doctor import Within, all_checks, examine
from operations.doctor.finding import Finding, Verdict, ok, unknown, wrong
from operations.doctor.places import Outside
from operations.doctor.report import as_json, exit_status, text
from operations.doctor.token_input import token_of_file, token_of_standard_input
from operations.doctor.withheld import Withheld
from operations.errors import OperationError
from operations.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOTHING = Withheld(())
HERE = Outside("http://127.0.0.1:9/signin", "", {}, Template(), lambda: 0.0)
PATIENT = 60.0


def of(look: Any) -> Check:
    return Check("it", "outside", "Whether it is.", look)


def found_by(look: Any, seconds: float = PATIENT) -> list[tuple[Verdict, str]]:
    findings = examine([of(look)], {"outside": HERE}, seconds)
    return [(finding.verdict, finding.found) for finding in findings["it"]]


def good(_: Outside) -> Iterator[Finding]:
    yield ok("it is there")


def refused(_: Outside) -> Iterator[Finding]:
    yield ok("the first half")
    said = "User: arn:aws:iam::123456789012:user/eve is not authorized to perform: iam:GetRole on resource: role r"
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, "GetRole")


def not_played(_: Outside) -> Iterator[Finding]:
    yield from ()
    raise ClientError({"Error": {"Code": "501"}, "ResponseMetadata": {"HTTPStatusCode": 501}}, "DescribeAlarms")  # type: ignore[typeddict-item]


def broken(_: Outside) -> Iterator[Finding]:
    yield from ()
    raise TypeError("a text that may hold anything")


def test_check_says_what_it_found_under_its_name() -> None:
    assert examine([of(good)], {"outside": HERE}) == {"it": [Finding(Verdict.OK, "it is there", check="it")]}


def test_check_that_aws_refuses_says_which_permission_is_missing_beside_what_it_found() -> None:
    first, second = examine([of(refused)], {"outside": HERE})["it"]

    assert first.found == "the first half"
    assert (second.verdict, second.found) == (Verdict.UNKNOWN, "whoever runs this may not call iam:GetRole")
    assert "docs/permissions.md" in second.mend


def test_what_the_local_aws_does_not_play_is_skipped_and_no_failure() -> None:
    findings = examine([of(not_played)], {"outside": HERE})

    assert [(each.verdict, each.found) for each in findings["it"]] == [
        (Verdict.SKIPPED, "the local AWS does not play DescribeAlarms")
    ]
    assert exit_status(findings) == 0


def test_check_that_fails_by_itself_is_unknown_and_hides_no_other() -> None:
    [(verdict, said)] = found_by(broken)

    assert verdict is Verdict.UNKNOWN
    assert "TypeError" in said
    assert "anything" not in said


def test_check_that_hangs_is_not_waited_for() -> None:
    is_over = threading.Event()

    def hanging(_: Outside) -> Iterator[Finding]:
        yield ok("the first half")
        is_over.wait()

    assert found_by(hanging, 0.0)[-1] == (Verdict.UNKNOWN, "not answered within 0 seconds")
    is_over.set()


def test_checks_run_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def waiting(_: Outside) -> Iterator[Finding]:
        both.wait(PATIENT)
        yield ok("both are here")

    checks = [Check(name, "outside", "", waiting) for name in ("one", "other")]
    findings = examine(checks, {"outside": HERE}, PATIENT)

    assert [found[0].verdict for found in findings.values()] == [Verdict.OK, Verdict.OK]


def test_checks_of_a_place_that_cannot_be_looked_at_are_left_out() -> None:
    assert examine([Check("it", "inside", "", good)], {"outside": HERE}) == {}


def test_two_checks_do_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "it", of(good))

    with pytest.raises(ValueError, match="two checks named it"):
        check("it", "outside", "Again.")(good)


def test_all_checks_say_what_they_look_at() -> None:
    assert [each.name for each in all_checks() if not each.looks_at.endswith(".") or not each.name.islower()] == []


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        pytest.param([ok("a")], 0, id="all ok"),
        pytest.param([], 0, id="does not apply"),
        pytest.param([ok("a"), unknown("b")], 2, id="could not look"),
        pytest.param([unknown("a"), wrong("b", wanted="c", mend="d")], 1, id="something wrong"),
    ],
)
def test_exit_status_tells_wrong_from_unknown(findings: list[Finding], status: int) -> None:
    assert exit_status({"it": findings}) == status
    assert json.loads(as_json({"it": findings}, NOTHING))["status"] == status


def test_line_says_what_is_found_and_wanted_and_the_mend() -> None:
    finding = Finding(Verdict.WRONG, "two\nlines", "one", "Write one.", "lines")

    assert text({"lines": [finding], "push": []}, NOTHING).splitlines() == [
        "WRONG   lines: two lines. Wanted: one. Mend: Write one.",
        "Not for this stack: push.",
    ]


def test_what_a_stranger_has_written_does_not_steer_the_terminal() -> None:
    finding = Finding(Verdict.WRONG, "aud: \x1b[2J\x9b2J\u202eok\r", "a\u2028b", "\x07Do it.", "token")

    line = text({"token": [finding]}, NOTHING)
    assert line.isprintable()
    assert json.loads(as_json({"token": [finding]}, NOTHING))["findings"][0]["found"] == finding.found
    assert as_json({"token": [finding]}, NOTHING).isprintable()


def test_what_takes_too_long_or_goes_wrong_is_one_sentence() -> None:
    is_over = threading.Event()

    with pytest.raises(OperationError, match="AWS has not answered within 0 seconds"):
        Within(is_over.wait).result(0.0)
    is_over.set()

    def refused() -> int:
        raise OperationError("There is no stack nobody.")

    with pytest.raises(OperationError, match="no stack nobody"):
        Within(refused).result(PATIENT)
    assert Within(lambda: 7).result(PATIENT) == 7


# ── What is withheld ─────────────────────────────────────────────────────────────────────────────────

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(TOKEN, id="the token"),
        pytest.param(TOKEN.split(".")[1], id="a part of the token"),
        pytest.param(SECRET, id="a secret"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", id="a token that nobody gave"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", id="an access key"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\nMIIE", id="a private key"),
        pytest.param("Bearer abcdefghij", id="a bearer token that is no JWT"),
    ],
)
def test_nothing_secret_is_printed(said: str) -> None:
    withheld = Withheld([TOKEN, SECRET])
    findings = {"it": [Finding(Verdict.WRONG, f"found {said} there", said, f"{said}.", "it")]}

    for printed in (text(findings, withheld), as_json(findings, withheld)):
        assert said.removeprefix("Bearer ") not in printed
        assert "[withheld]" in printed
        assert "found" in printed


def test_what_is_no_secret_is_printed() -> None:
    said = (
        "arn:aws:iam::123456789012:role/chime-signin-UserRole-1ABCDEFGHIJK at https://login.microsoftonline.com/v2.0, "
        'Bearer realm="chime-signin", error="invalid_token", Bearer <JWT>, bearer token'
    )

    assert Withheld([TOKEN, "", "short"]).cut(f"a short {said}") == f"a short {said}"


@pytest.mark.parametrize("said", ["a", "a-", "-----BEGIN", "Bearer ", "aaaaaaaaaa."])
def test_what_a_stranger_says_is_neither_searched_for_long_nor_printed_whole(said: str) -> None:
    # Before, half a megabyte took over ten minutes: the time grew with the square of the length.
    findings = {"it": [Finding(Verdict.WRONG, said * (500_000 // len(said)), "", "", "it")]}

    for printed in (text(findings, Withheld([TOKEN])), as_json(findings, Withheld([TOKEN]))):
        assert len(printed) < 3_000


def test_secret_is_cut_out_before_a_text_is_shortened() -> None:
    findings = {"it": [Finding(Verdict.WRONG, "x" * 1_990 + f" {SECRET}", "", "", "it")]}

    for printed in (text(findings, Withheld([SECRET])), as_json(findings, Withheld([SECRET]))):
        assert SECRET[:6] not in printed


# ── The token ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "token"),
    [
        pytest.param(b"a.b.c\n", "a.b.c", id="a line"),
        pytest.param(b"a.b.c", "a.b.c", id="without a line break"),
        pytest.param(b"Bearer a.b.c\r\n", "a.b.c", id="as in the header"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_token_is_the_first_line_of_standard_input(typed: bytes, token: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, typed)
    os.close(writing)

    assert token_of_standard_input(reading, PATIENT) == token
    os.close(reading)


@pytest.mark.parametrize("written", [b"", b"half.a.tok"])
def test_pipe_that_nobody_closes_is_not_waited_for(written: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, written)

    assert token_of_standard_input(reading, 0.0) == ""
    os.close(reading)
    os.close(writing)


def test_line_is_enough_where_the_pipe_stays_open() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a.b.c\n")

    assert token_of_standard_input(reading, PATIENT) == "a.b.c"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        pytest.param(os.mkfifo, "has no token", id="a pipe into which nobody writes"),
        pytest.param(os.mkdir, "cannot be read: Is a directory", id="a directory"),
        pytest.param(lambda path: path.write_text("\n"), "has no token", id="an empty line"),
        pytest.param(lambda _: None, "cannot be read: No such file", id="nothing"),
    ],
)
def test_file_without_a_token_is_told(made: Callable[[Path], object], why: str, tmp_path: Path) -> None:
    made(tmp_path / "token")

    with pytest.raises(OperationError, match=why):
        token_of_file(str(tmp_path / "token"))


def test_token_is_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer a.b.c\nmore\n")

    assert token_of_file(str(tmp_path / "token")) == "a.b.c"


def test_closed_standard_input_is_no_token() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)

    assert token_of_standard_input(reading, PATIENT) == ""
    with open(os.devnull) as nothing:  # noqa: PTH123 - a descriptor is needed
        assert token_of_standard_input(nothing.fileno(), PATIENT) == ""
