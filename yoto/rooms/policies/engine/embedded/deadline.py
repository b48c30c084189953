"""A deadline that holds while an evaluation keeps Python's lock.

No thread of this process runs then, so only the system can act: a timer of processor time, which
ends the process by its signal. Before that, ``faulthandler`` writes the stack into a file, from
within the signal and without Python's lock; the file begins with the version of the set, so the set
can be identified afterwards.
"""

from __future__ import annotations

import faulthandler
import logging
import mmap
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TypeVar

from yoto.rooms.policies.bundle import VERSION_LENGTH

R = TypeVar("R")

log = logging.getLogger(__name__)

# s of the process's own processor time: a busy or sleeping machine does not count. The dearest set
# worth keeping in service takes a thousandth of it.
EVALUATION_SECONDS = 2.0

_FOLDER = "policies"
_NAME = re.compile(r"evaluating-([0-9]+)")


@dataclass(frozen=True, slots=True)
class Overrun:
    """An evaluation that was ended.

    Attributes:
        version: the set that was evaluated.
        pid: the process that ended with the evaluation.
        stack: the stack at that moment.
        path: the file that recorded it.
    """

    version: str
    pid: int
    stack: str
    path: Path


class EvaluationDeadline:
    """Ends this process when an evaluation takes too long. Safe for threads, also after a fork."""

    # The signal has one handler a process, which writes into one file.
    _registered: EvaluationDeadline | None = None

    def __init__(self, folder: Path, seconds: float = EVALUATION_SECONDS) -> None:
        """Nothing is written before the first evaluation.

        Args:
            folder: the folder of the records; made if it is missing.
            seconds: the limit in processor time.
        """
        self.folder = folder
        self._seconds = seconds
        self._pid = 0
        self._written: mmap.mmap | None = None
        self._file: FileIO | None = None

    def keep(self, version: str, evaluate: Callable[[], R]) -> R:
        """The result of ``evaluate()`` on the set ``version``; its errors are raised."""
        written = self._written
        if written is None or self._pid != os.getpid() or self._registered is not self:
            written = self._register()
        written[:VERSION_LENGTH] = version.encode("ascii")
        signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)
        try:
            return evaluate()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)

    def close(self) -> None:
        """Remove the file of this process; a later evaluation makes another."""
        if EvaluationDeadline._registered is self:
            faulthandler.unregister(signal.SIGVTALRM)
            EvaluationDeadline._registered = None
        file, self._file, self._written = self._file, None, None
        if file is not None:
            file.close()
            if self._pid == os.getpid():
                self._path(self._pid).unlink(missing_ok=True)

    def _register(self) -> mmap.mmap:
        before, EvaluationDeadline._registered = EvaluationDeadline._registered, self
        pid, old = os.getpid(), self._file
        file: FileIO | None = None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = open(self._path(pid), "w+b", buffering=0)
            file.write(b"0" * VERSION_LENGTH)
            written = mmap.mmap(file.fileno(), VERSION_LENGTH)
            # With the handler that was there before, the signal ends the process.
            faulthandler.register(signal.SIGVTALRM, file=file, all_threads=False, chain=True)
        except OSError as error:
            # An earlier handler holds the number of a file that is closed below, which the next
            # file or socket of this process would get.
            faulthandler.unregister(signal.SIGVTALRM)
            file = None
            # The deadline holds without it; only the set will be unknown. The error itself must
            # not go into the log: through its frames it would keep objects of regorus.
            log.warning("evaluations that take too long are not written down: %s", str(error))
            written = mmap.mmap(-1, VERSION_LENGTH)
        self._pid, self._file, self._written = pid, file, written
        if old is not None:
            old.close()
        if before is not None and before is not self:
            before.close()
        return written

    def _path(self, pid: int) -> Path:
        return self.folder / f"evaluating-{pid}"


def overrun_folder(instance_path: str) -> Path:
    """The folder of an application's overrun files."""
    return Path(instance_path) / _FOLDER


def overruns_in(folder: Path) -> Iterator[Overrun]:
    """Evaluations of this host's processes that were ended, until their files are removed."""
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        text = _text(path)
        if len(text) > VERSION_LENGTH:
            stack = text[VERSION_LENGTH:]
            yield Overrun(text[:VERSION_LENGTH], int(match[1]), stack, path)
        elif not _lives(int(match[1])):
            path.unlink(missing_ok=True)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
