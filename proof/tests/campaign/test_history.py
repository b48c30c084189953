"""Operations and faults are written while they happen, and read again as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.campaign.history import (
    OPERATIONS,
    Fault,
    History,
    Outcome,
    note_fault,
    read_faults,
    read_operations,
)
from proof.campaign.judge import judge
from proof.tests.campaign.operations import op


def test_an_operation_is_read_as_it_was_written(tmp_path: Path) -> None:
    history = History(tmp_path)
    with history.operation("c1", "row", "k", "write", 7) as pending:
        pending.ok()
    with history.operation("c1", "row", "k", "read") as pending:
        pending.ok(7)
    with history.operation("c1", "row", "k", "write", 8) as pending:
        pending.failed("409")
    history.close()
    written, read, refused = read_operations(tmp_path)
    assert (written.call, written.argument, written.outcome) == ("write", 7, "ok")
    assert (read.value, refused.outcome, refused.error) == (7, "failed", "409")
    assert written.returned is not None and written.invoked <= written.returned <= read.invoked
    assert judge(tmp_path).findings["row"].holds


def test_what_says_nothing_of_its_end_or_never_ends_is_unknown(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(OSError), history.operation("c1", "row", "k", "write", 7):
        raise OSError
    with history.operation("c2", "row", "k", "write", 8):
        history.close()
    first, second = read_operations(tmp_path)
    assert (first.outcome, second.outcome, second.returned) == ("unknown", "unknown", None)


def test_what_was_asked_meanwhile_was_answered_meanwhile_or_not(tmp_path: Path) -> None:
    history = History(tmp_path)

    def noted(call: str, invoked: float, returned: float, outcome: Outcome) -> None:
        history.write(op(call, invoked, returned, outcome=outcome, model="row"))

    noted("read", 9.0, 12.0, "ok")  # asked before
    noted("read", 11.0, 12.0, "ok")
    noted("write", 11.0, 12.0, "unknown")
    noted("write", 12.0, 31.0, "ok")  # answered later
    noted("write", 19.9, 20.1, "ok")  # as at any moment
    assert history.answered(10.0, 20.0) == {"row read": 1}
    assert history.unanswered(10.0, 20.0) == {"row write": 2}
    history.close()


def test_half_a_line_of_a_run_that_was_killed_is_left_out(tmp_path: Path) -> None:
    history = History(tmp_path)
    with history.operation("c1", "row", "k", "read") as pending:
        pending.ok(None)
    history.close()
    with (tmp_path / OPERATIONS).open("a") as file:
        file.write('{"client": "c1", "mod')
    assert len(read_operations(tmp_path)) == 1


def test_faults_are_read_as_they_were_noted(tmp_path: Path) -> None:
    assert read_faults(tmp_path) == []
    done = Fault(kind="kill", target="redis1", began=1.0, healed=2.0, effects=("lost-data",))
    note_fault(tmp_path, done)
    assert read_faults(tmp_path) == [done]


def test_an_operation_that_no_model_judges_is_refused(tmp_path: Path) -> None:
    history = History(tmp_path)
    with history.operation("c1", "rows", "k", "read") as pending:
        pending.ok()
    history.close()
    with pytest.raises(ValueError, match="no model judges"):
        judge(tmp_path)


def test_a_folder_is_judged_by_all_models(tmp_path: Path) -> None:
    history = History(tmp_path)
    with history.operation("c1", "row", "k", "read") as pending:
        pending.ok("never written")
    with history.operation("c1", "kept", "k", "act", "a") as pending:
        pending.ok()
    history.close()
    judgement = judge(tmp_path)
    assert [what.split(":")[0] for what in judgement.violations] == ["row", "kept"]
    assert judgement.operations["deadline"] == 2
    assert "VIOLATION row" in judgement.report()


def test_who_is_inside_and_has_no_answer_yet_is_no_free_slot(tmp_path: Path) -> None:
    history, asked = History(tmp_path), {"cap": 1, "lease": 2.0, "hold": 5.0}
    with history.operation("c1", "slots", "k", "enter", asked):
        with history.operation("c2", "slots", "k", "enter", asked) as refused:
            refused.ok({"admitted": False})
        assert judge(tmp_path, ["slots"]).violations
        assert not judge(tmp_path, ["slots"], history.going_on).violations
    history.close()
