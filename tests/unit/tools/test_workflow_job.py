"""A job of the workflows, as it is run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_workflows import WORKFLOWS as FILES
from tests.unit.test_workflows import jobs
from tools.workflow_job import HOME, Job, environment, found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_job_of_ours_is_understood(file: Path) -> None:
    for name, body in jobs(file).items():
        job = found(f"{file.stem}/{name}", {})
        for step in body["steps"]:
            job.meets(str(step.get("if", "")), failed=False)
            assert "${{" not in job.filled(step.get("run", ""), {"github.run_number": "1"})


def test_a_combination_of_the_matrix_is_chosen() -> None:
    assert found("ci-advanced/unit", {}).matrix == {"python": "3.11"}
    assert found("ci-advanced/unit", {"python": "3.13"}).matrix == {"python": "3.13"}
    job = found("ci-advanced/integration", {"database": "mariadb"})
    assert job.matrix["mode"] == "eventlet" and job.meets("matrix.mode == 'eventlet'", False)
    with pytest.raises(SystemExit, match="no combination"):
        found("ci-advanced/unit", {"python": "2.7"})
    with pytest.raises(SystemExit, match="no job is called 'ci/nothing'; there are: .*ci/lint"):
        found("ci/nothing", {})


def test_a_step_finds_the_variables_of_a_runner_and_none_of_this_shell() -> None:
    job = found("ci-advanced/integration", {"database": "mariadb"})
    shell = {"PATH": "/bin", "HOME": "/root", "YOTO_SECRET_KEY": "x", "PIP_INDEX_URL": "there"}
    seen = environment(job, "", shell)
    assert "YOTO_SECRET_KEY" not in seen and seen["PIP_INDEX_URL"] == "there"
    assert (seen["HOME"], seen["CI"], seen["GITHUB_REF_NAME"]) == (HOME, "true", "main")
    assert seen["YOTO_TEST_DATABASE"] == "mariadb" and seen["YOTO_REQUIRE_ALL"] == "1"
    # Its service does not run here.
    assert "YOTO_TEST_DATABASE_SERVER" not in seen
    assert environment(found("release/test", {}), "v1.2.3", shell)["TAG"] == "v1.2.3"


def test_after_a_failure_only_what_is_always_done_is_done() -> None:
    job = Job("w/j", {}, {})
    assert job.meets("", False) and not job.meets("", True)
    assert job.meets("always()", True) and job.meets("${{ !cancelled() }}", True)
    with pytest.raises(SystemExit, match="is not understood here"):
        job.meets("hashFiles('x') != ''", False)
