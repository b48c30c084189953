"""An evaluation that does not end ends its process, in every async mode."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.bundles import rules
from yoto.rooms.policies import EmbeddedEngine, EvaluationDeadline
from yoto.rooms.policies.engine.embedded.deadline import overruns_in
from yoto.rooms.policies.engine.embedded.library import LIBRARIES

# Such a policy was stored, and stopped a worker for 13 s.
LOOPING = (
    'deny contains "heavy" if { input.resource.id == 100081; count([1 | some i in all; '
    "some j in all; i + j < 0]) > 0 }\nall := numbers.range(1, 10000)"
)
BUNDLE = rules(LOOPING)
CHILD = """
import sys, types
if sys.argv[4] == "regopy":
    import regopy  # before greenlet
if sys.argv[1] == "eventlet":
    import warnings; warnings.simplefilter("ignore")
    import eventlet; eventlet.monkey_patch()
elif sys.argv[1] == "gevent":
    from gevent import monkey; monkey.patch_all()
# The application is not needed, and takes its time.
for name in ("app", "yoto", "yoto.rooms", "yoto.rooms.policies"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [name.replace(".", "/")]
import json, pathlib
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline
from yoto.rooms.policies.engine.embedded.library import library
engine = EmbeddedEngine(EvaluationDeadline(pathlib.Path(sys.argv[2]), 0.3), library(sys.argv[4]))
compiled = engine.compile(Bundle(json.loads(sys.argv[3])))
print(compiled.evaluate('{"resource": {"id": 1}}').allow, flush=True)
compiled.evaluate('{"resource": {"id": 100081}}')
"""


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("mode", ["threading", "eventlet", "gevent"])
def test_an_evaluation_that_does_not_end_ends_its_process_and_names_the_set(
    mode: str, name: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, mode, str(tmp_path), json.dumps(dict(BUNDLE.modules)), name],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[6],
    )

    assert ended.stdout == b"True\n", ended.stderr
    assert ended.returncode == -signal.SIGVTALRM
    (found,) = overruns_in(tmp_path)
    assert found.version == BUNDLE.version
    assert f"by_{name}" in found.stack


def test_what_ended_in_time_leaves_nothing(tmp_path: Path) -> None:
    engine = EmbeddedEngine(EvaluationDeadline(tmp_path))
    compiled = engine.compile(rules('deny contains "a" if 1 / input.x > 0'))

    assert compiled.evaluate('{"x": 1}').deny == ("a",)

    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert [path.name for path in tmp_path.iterdir()] == [f"evaluating-{os.getpid()}"]
    assert list(overruns_in(tmp_path)) == []
    engine.close()
    assert list(tmp_path.iterdir()) == []


def test_files_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / f"evaluating-{gone.pid}").write_text("0" * 16)
    (tmp_path / "other").write_text("0" * 99)

    assert list(overruns_in(tmp_path)) == []
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_the_stack_is_written_into_no_file_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    first = EvaluationDeadline(tmp_path)
    first.keep("0" * 16, int)
    second = EvaluationDeadline(tmp_path / "file" / "below")

    second.keep("1" * 16, int)

    assert not faulthandler.unregister(signal.SIGVTALRM)
    second.close()


def test_a_folder_that_cannot_be_written_changes_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = EmbeddedEngine(EvaluationDeadline(tmp_path / "file" / "below"))

    assert engine.compile(rules("deny contains 1 if false")).evaluate("{}").allow
    engine.close()
