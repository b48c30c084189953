"""What the workflows and ``.ci/run`` call is there, and is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What takes long or needs a service of its own, and is done by workflows alone: coverage, speed,
# the campaign, and what a release alone needs (tests/e2e/examples builds packages too).
ONLY_IN_WORKFLOWS = {"coverage", "bench", "chaos", "package", "released", "sbom", "simulate"}
TARGET = re.compile(r"[a-z][a-z0-9-]*")
# The first run of ``.ci/run`` is all suites in one.
SUITES = {
    "test-unit",
    "test-contract",
    "test-integration",
    "test-e2e",
    "test-chaos",
    "test-simulation",
}


def steps(workflow: Path) -> Iterator[str]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield step["run"]


def made(command: str) -> set[str]:
    """The targets that a line of shell makes."""
    plain = re.sub(r"\$\{\{.*?\}\}", "", command).split("||")[0]
    words = re.sub(r"\w+=(\"[^\"]*\"|\S*)", "", plain).split()
    return (
        {word for word in words[1:] if TARGET.fullmatch(word)} if words[:1] == ["make"] else set()
    )


def of_workflows() -> set[str]:
    return {target for file in WORKFLOWS for step in steps(file) for target in made(step)}


def of_ci_run() -> set[str]:
    text = (ROOT / ".ci" / "run").read_text()
    # ``part`` runs ``make test-SUITE``; its second word is the suite.
    parts = {f"test-{suite}" for suite in re.findall(r"^ *part \w+ (\w+) ", text, re.M)}
    lines = {target for line in text.splitlines() for target in made(line.strip())}
    return parts | lines


def test_the_makefile_has_each_target_that_is_called() -> None:
    makefile = (ROOT / "Makefile").read_text()
    suites = re.search(r"^SUITES := (.+)$", makefile, re.M)
    assert suites is not None
    known = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    known |= {f"test-{suite}" for suite in suites[1].split()}
    assert of_workflows() | of_ci_run() <= known


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_each_step_is_a_target(workflow: Path) -> None:
    assert [step for step in steps(workflow) if not made(step)] == []


def test_nothing_is_published_before_the_tests_and_their_long_forms_passed() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    proofs = {"test", "deployment"}
    assert jobs["deployment"]["env"]["YOTO_TEST_ALL"] == "1"
    (command,) = (one["run"] for one in jobs["deployment"]["steps"] if "test-e2e" in str(one))
    paths = re.findall(r"tests/\S+?(?=[\s\"])", command)
    assert paths and all((ROOT / path).exists() for path in paths)

    def before(name: str) -> set[str]:
        needs = jobs[name].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*map(before, direct))

    for name in jobs.keys() - proofs:
        assert proofs <= before(name), name


def test_the_run_before_landing_calls_what_the_workflows_call() -> None:
    ours = of_ci_run()
    assert "test" in ours
    own = of_workflows() - ONLY_IN_WORKFLOWS - SUITES
    # ``lint`` is the three that ci.yml names one by one.
    assert own - {"style", "types", "layers"} <= ours
    assert "lint" in ours
