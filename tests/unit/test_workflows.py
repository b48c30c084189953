"""The targets that the workflows and ``.ci/run`` call are there, and are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
# Targets that take long or need a service of their own, and are called by workflows alone:
# coverage, speed, the campaign, newer versions, and those that a release alone needs
# (tests/e2e/examples builds packages too).
ONLY_IN_WORKFLOWS = {
    *("coverage", "bench", "chaos", "simulate", "lock", "propose"),
    *("package", "planted", "released", "sbom"),
}
# Targets that call git in the tree, or may: tests of the wheel, of an upgrade and of a clone do.
NEEDS_GIT = re.compile(r"test(-.*)?|coverage|bench|chaos|simulate")
TARGET = re.compile(r"[a-z][a-z0-9-]*")
RELEASE = ROOT / ".github/workflows/release.yml"
# The first run of ``.ci/run`` is all suites in one.
SUITES = {
    "test-unit",
    "test-contract",
    "test-integration",
    "test-e2e",
    "test-chaos",
    "test-proof",
}


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


def steps(workflow: Path) -> Iterator[str]:
    for job in jobs(workflow).values():
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


def test_each_job_has_a_name_of_its_own() -> None:
    """A branch requires jobs by name, whichever workflow has them."""
    names = [
        re.sub(r" \(\$\{\{ matrix\.\w+ \}\}\)", "", job["name"])
        for file in WORKFLOWS
        for job in jobs(file).values()
    ]
    assert len(set(names)) == len(names)
    assert [name for name in names if "$" in name] == []


def test_git_may_read_the_tree_of_a_container_before_a_test_asks_it() -> None:
    """The tree belongs to the runner's user, and the steps run as root."""
    trust = 'git config --global --add safe.directory "$GITHUB_WORKSPACE"'
    script = (ROOT / ".ci" / "servers").read_text()
    # Before the line that ends the script where nothing may be installed.
    assert script.index(trust) < script.index("exit 0")
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            called = [target for one in job["steps"] for target in made(one.get("run", ""))]
            asks = [n for n, target in enumerate(called) if NEEDS_GIT.fullmatch(target)]
            if "container" in job and asks:
                assert "servers" in called[: asks[0]], (file.name, name)


def test_each_action_is_named_by_its_commit_and_says_its_version() -> None:
    for file in [*WORKFLOWS, *ACTIONS]:
        for line in re.findall(r"uses: (\S+.*)", file.read_text()):
            pinned = re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
            assert pinned or line.startswith("./"), (file, line)


def test_no_step_has_the_token_that_fetched_the_tree() -> None:
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            for step in job["steps"]:
                if "checkout@" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False, (file.name, name)


def test_no_expression_that_a_stranger_chooses_is_pasted_into_a_shell() -> None:
    for file in WORKFLOWS:
        for step in steps(file):
            assert "${{ github." not in step.replace("${{ github.run_number }}", ""), step


def test_a_run_of_a_branch_ends_none_of_another_kind() -> None:
    for name in ("ci", "ci-advanced"):
        group = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())["concurrency"]
        assert group["group"] == name + "-${{ github.event_name }}-${{ github.ref }}"
        assert group["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_nothing_of_a_release_comes_from_a_cache() -> None:
    assert "cache" not in re.sub("#.*|package-manager-cache: false", "", RELEASE.read_text())


def test_figures_are_kept_of_a_run_that_failed() -> None:
    for job in ("performance", "campaign", "coverage"):
        last = jobs(ROOT / ".github/workflows/ci-advanced.yml")[job]["steps"][-1]
        assert "uses" in last and last["if"] in ("always()", "${{ !cancelled() }}"), job


def test_make_and_the_workflows_try_nothing_twice() -> None:
    texts = [(ROOT / "Makefile").read_text(), *(one.read_text() for one in WORKFLOWS)]
    assert [one for one in texts if re.search(r"--lf|--last-failed|--reruns", one)] == []


def test_nothing_is_published_before_the_tests_and_their_long_forms_passed() -> None:
    release = jobs(RELEASE)
    proofs = {"test", "deployment"}
    assert release["deployment"]["env"]["YOTO_TEST_ALL"] == "1"
    called = [
        target for step in release["deployment"]["steps"] for target in made(step.get("run", ""))
    ]
    assert {"test-e2e", "test-proof"} <= set(called)

    def before(name: str) -> set[str]:
        needs = release[name].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*map(before, direct))

    for name in release.keys() - proofs:
        assert proofs <= before(name), name


def test_the_run_before_landing_calls_what_the_workflows_call() -> None:
    ours = of_ci_run()
    assert "test" in ours
    own = of_workflows() - ONLY_IN_WORKFLOWS - SUITES
    # ``lint`` is the three that ci.yml names one by one.
    assert own - {"style", "types", "layers"} <= ours
    assert "lint" in ours


def test_each_test_has_its_long_form_in_a_workflow() -> None:
    def packages(folder: str) -> set[str]:
        return {one.parent.name for one in (ROOT / folder).glob("*/__init__.py")}

    advanced = ROOT / ".github/workflows/ci-advanced.yml"
    assert yaml.safe_load(advanced.read_text())["env"]["YOTO_TEST_ALL"] == "1"
    called = set(re.findall(r"[\w/-]+", " ".join(steps(advanced))))
    assert {f"test-{one}" for one in packages("tests") - {"support"}} <= SUITES <= called
    shards = jobs(advanced)["redis-cluster"]["strategy"]["matrix"]["suite"]
    rooms = {f"rooms/{one}" for one in packages("tests/contract/rooms")}
    suites = packages("tests/contract") - {"rooms"} | rooms
    assert {f"tests/contract/{one}" for one in suites - {*shards}} <= called
    assert len(shards) == 12, "CONTRIBUTING names how many are required"
    assert {f"proof/tests/{one}" for one in packages("proof/tests")} <= called
