"""Runs the steps of one job of ``.github/workflows`` here, in a root that looks like the runner's.

``python -m tools.workflow_job WORKFLOW/JOB [NAME=VALUE ...] [--tag v1.2.3] [--keep FOLDER]`` makes
a clone of the commit, owned by the runner's user (1001), and a root of its own: the clone at
``GITHUB_WORKSPACE``, a new HOME that the same user owns and that has no configuration of git, the
variables of a runner and none of this shell. A job with a container runs its steps as root, another
one as the runner's user. ``NAME=VALUE`` chooses a combination of a matrix; the first is the
default. ``FOLDER`` keeps the virtual environment of one run for the next: installing it takes
minutes. The exit code is that of the first step that failed.

Shown are steps that run commands. Not shown: actions (caches, artefacts, publishing), services (the
tests start their own servers), the image of a container (the programs are those of this system),
and other systems and processors. Needs root on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
RUNNER = 1001  # the user and the group that own the tree and HOME on GitHub's runners
WORKSPACE, HOME = "/__w/yoto/yoto", "/github/home"
# Variables by which this system reaches registries of packages; a runner needs none.
REACH = re.compile(
    r"(PIP|UV|GO|npm_config|NPM_CONFIG)_?[A-Z_a-z]*|(HTTPS?|NO|https?|no)_(PROXY|proxy)"
)
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
# Servers that GitHub starts beside the job; without them the tests start their own.
OF_SERVICES = ("YOTO_TEST_DATABASE_SERVER", "YOTO_TEST_REDIS_SERVER")


@dataclass(frozen=True)
class Job:
    """A job of a workflow, with one combination of its matrix.

    Attributes:
        name: ``workflow/job``.
        body: the job's text in its file.
        variables: the variables of the workflow and the job.
        matrix: the combination that was chosen.
    """

    name: str
    body: Mapping[str, Any]
    variables: Mapping[str, str]
    matrix: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_root(self) -> bool:
        return "container" in self.body

    def filled(self, text: str, context: Mapping[str, str]) -> str:
        """``text`` with the values of its expressions; those of unknown ones are empty."""
        known = {f"matrix.{name}": str(value) for name, value in self.matrix.items()} | context
        return EXPRESSION.sub(lambda found: known.get(found[1], ""), text)

    def meets(self, condition: str, failed: bool) -> bool:
        """Whether a step with this condition runs, after a step that failed or not."""
        plain = EXPRESSION.sub(r"\1", condition)
        if plain in ("always()", "!cancelled()"):
            return True
        compared = re.fullmatch(r"matrix\.(\w+) == '(.*)'", plain)
        if plain and compared is None:
            raise SystemExit(f"{self.name}: the condition {condition!r} is not understood here")
        return not failed and (compared is None or str(self.matrix.get(compared[1])) == compared[2])


def found(name: str, chosen: Mapping[str, str], folder: Path = WORKFLOWS) -> Job:
    """The job that ``workflow/job`` names.

    Raises:
        SystemExit: there is none, or its matrix has no such combination.
    """
    jobs = {
        f"{file.stem}/{job}": (workflow, body)
        for file in sorted(folder.glob("*.yml"))
        for workflow in [yaml.safe_load(file.read_text())]
        for job, body in workflow["jobs"].items()
    }
    if name not in jobs:
        raise SystemExit(f"no job is called {name!r}; there are: {', '.join(sorted(jobs))}")
    workflow, body = jobs[name]
    variables = {**workflow.get("env", {}), **body.get("env", {})}
    for combination in combinations(body.get("strategy", {}).get("matrix", {})):
        if all(str(combination.get(key)) == value for key, value in chosen.items()):
            return Job(name, body, variables, combination)
    raise SystemExit(f"{name}: no combination of its matrix has {dict(chosen)}")


def combinations(matrix: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All combinations of a matrix, whose rows are either of one list or listed whole."""
    if "include" in matrix:
        yield from matrix["include"]
        return
    if len(matrix) > 1:
        raise SystemExit("a matrix of several lists is not understood here")
    for key, values in matrix.items():
        yield from ({key: value} for value in values)
    if not matrix:
        yield {}


def environment(job: Job, tag: str, given: Mapping[str, str]) -> dict[str, str]:
    """A step's environment: the variables of a runner and of the job, and none of this shell."""
    reach = {
        name: value
        for name, value in given.items()
        if REACH.fullmatch(name) or name in CERTIFICATES
    }
    context = {
        "github.ref_name": tag or "main",
        "github.run_number": "1",
        "github.workspace": WORKSPACE,
        "github.repository": "yoto/yoto",
    }
    own = {name: job.filled(str(value), context) for name, value in job.variables.items()}
    return {
        **reach,
        "PATH": given["PATH"],
        "HOME": HOME,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": WORKSPACE,
        "GITHUB_REF_NAME": tag or "main",
        "RUNNER_OS": "Linux",
        **{name: value for name, value in own.items() if name not in OF_SERVICES},
    }


@contextmanager
def runner(depth: int, tag: str) -> Iterator[Path]:
    """A folder with the job's own parts of its root: the tree and HOME, owned by the runner."""
    folder = Path(tempfile.mkdtemp(prefix="yoto-runner-"))
    try:
        tree, home = folder / "tree", folder / "home"
        clone = ["git", "clone", "--quiet", *(["--depth", str(depth)] if depth else [])]
        subprocess.run([*clone, f"file://{ROOT}", str(tree)], check=True)
        if tag:
            subprocess.run(["git", "-C", str(tree), "tag", "--force", tag], check=True)
        home.mkdir()
        (folder / "root").mkdir()
        subprocess.run(["chown", "-R", f"{RUNNER}:{RUNNER}", str(tree), str(home)], check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inside(
    folder: Path, keep: Path | None, job: Job, command: str, variables: Mapping[str, str]
) -> list[str]:
    """The command line that runs a step of the job in the root of ``folder``."""
    new = folder / "root"
    mounts = [f"mount -t tmpfs runner {new}"]
    # All of this system except folders with people's files, one of which may hold a Python.
    for top in sorted(Path("/").iterdir()):
        if top.is_symlink():
            mounts.append(f"ln -s {os.readlink(top)} {new}/{top.name}")
        elif top.is_dir() and top.name not in ("home", "root", "tmp", "work", "proc"):
            mounts.append(f"mkdir {new}/{top.name} && mount --rbind /{top.name} {new}/{top.name}")
    bound = {Path(sys.base_prefix): sys.base_prefix, folder / "tree": WORKSPACE}
    bound[folder / "home"] = HOME
    if keep is not None:
        bound[keep] = f"{WORKSPACE}/.venv"
    for source, target in bound.items():
        mounts.append(f"mkdir -p {new}{target} && mount --bind {source} {new}{target}")
    mounts.append(f"mkdir -m 1777 {new}/tmp && mkdir {new}/proc && mount -t proc proc {new}/proc")
    mounts.append(f"chmod 755 {new}/root 2>/dev/null || mkdir -p {new}/root")
    who = "" if job.as_root else f"setpriv --reuid {RUNNER} --regid {RUNNER} --clear-groups "
    told = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    step = shlex.quote(f"cd {WORKSPACE} && {command}")
    mounts.append(f"exec chroot {new} {who}env -i {told} bash -e -o pipefail -c {step}")
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return [*namespaces, "bash", "-e", "-c", "\n".join(mounts)]


def run(job: Job, tag: str = "", keep: Path | None = None) -> int:
    """Run all steps; print each with its exit code and its seconds."""
    steps = job.body["steps"]
    depth = next((one["with"].get("fetch-depth", 1) for one in steps if "checkout@" in str(one)), 1)
    variables = environment(job, tag, os.environ)
    for name in ("services", "container"):
        if name in job.body:
            print(f"# {name}, not as on GitHub: {json.dumps(job.body[name])}", flush=True)
    code = 0
    with runner(depth, tag) as folder:
        for step in steps:
            if not job.meets(str(step.get("if", "")), bool(code)):
                continue
            if "run" not in step:
                print(f"# not here: {step['uses']}", flush=True)
                continue
            command = job.filled(step["run"], {"github.run_number": "1"})
            own = {name: job.filled(str(one), {}) for name, one in step.get("env", {}).items()}
            print(f"$ {command}", flush=True)
            began = time.monotonic()
            ended = subprocess.run(inside(folder, keep, job, command, variables | own)).returncode
            print(f"# exit code {ended}, {time.monotonic() - began:.0f} s", flush=True)
            code = code or ended
    return code


def main(arguments: Sequence[str]) -> int:
    """Run the named job; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.workflow_job", description=__doc__)
    parser.add_argument("job", help="workflow/job, such as ci/lint")
    parser.add_argument("matrix", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--tag", default="", help="as if it had been pushed")
    parser.add_argument("--keep", type=Path, help="the folder of the virtual environment")
    options = parser.parse_args(arguments)
    chosen = dict(one.split("=", 1) for one in options.matrix)
    job = found(options.job, chosen)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
    code = run(job, options.tag, options.keep and options.keep.resolve())
    matrix = " ".join(f"{name}={value}" for name, value in job.matrix.items())
    print(f"# {job.name} {matrix}: exit code {code}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
