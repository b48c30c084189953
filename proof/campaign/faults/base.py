"""The common base of all faults: a name, their needs, a beginning, an end, and their branches.

A fault that was injected proves nothing unless the product met it. So each names the branches of
the product that it is there for, and how logs, metrics and servers show that they were taken.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from proof.campaign.evidence import Evidence
    from proof.campaign.history import Effect
    from proof.cluster import Cluster


@dataclass(frozen=True)
class Branch:
    """A way through the product's code that a fault should lead to.

    Attributes:
        name: for the table, such as ``NOSCRIPT: loaded again``.
        seen: how it was seen, such as a line of a log; empty: it was not.
    """

    name: str
    seen: Callable[[Evidence], str]


class Fault:
    """One kind of fault; an object of it is one occurrence.

    Attributes:
        name: as ``--only`` and the table have it.
        needs: what must be installed: ``prometheus`` or ``faketime``.
        seconds: the shortest and the longest that one lasts.
        branches: those that must have been taken at some time in a whole run.
        effects: what it may do to promises that the guides make except for it.
        alerts: those of ``deploy/prometheus/rules.yml`` that must have fired some time after it.
        erases: whether Redis forgets workers that it knew, such as those that fell silent.
        alone: whether no other fault may overlap it.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    seconds: ClassVar[tuple[float, float]] = (2.0, 6.0)
    branches: ClassVar[tuple[Branch, ...]]
    effects: ClassVar[tuple[Effect, ...]] = ()
    alerts: ClassVar[tuple[str, ...]] = ()
    erases: ClassVar[bool] = False
    alone: ClassVar[bool] = False
    # How many workers it killed whose supervisor saw that.
    killed_workers: int = 0

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        """Break a part of ``cluster``, and name it for the table. ``rng`` chooses the target."""
        raise NotImplementedError

    def end(self) -> None:
        """Mend it, whatever ``begin`` came to. Calling it again changes nothing."""

    def look(self) -> dict[str, str]:
        """Notes for the evidence on what it sees; asked every now and then while it lasts."""
        return {}


class Noting(Fault):
    """Notes what it sees.

    Attributes:
        notes: by key, for ``noted``.
    """

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def look(self) -> dict[str, str]:
        return dict(self.notes)


class InAThread(Noting):
    """Does its harm in a thread, from ``start`` until its end."""

    def __init__(self) -> None:
        super().__init__()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Let ``work`` begin."""
        self._thread = threading.Thread(target=self.work, name=self.name, daemon=True)
        self._thread.start()

    def work(self) -> None:
        """Do it until ``_over``."""
        raise NotImplementedError

    def end(self) -> None:
        self._over.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(30)
