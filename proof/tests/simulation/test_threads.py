"""Code under test has the time and the threads of its simulation, and other code the real ones."""

from __future__ import annotations

import os
import threading
import time

from proof.simulation import current, virtual
from proof.simulation.scheduler import World
from yoto.housekeeping import clock, housekeeper


def test_threads_beside_a_simulation_keep_what_is_real() -> None:
    moments: list[float] = []
    seen: list[object] = []

    def beside() -> None:
        moments.extend((clock.monotonic(), housekeeper.time.monotonic()))
        seen.extend((housekeeper.os.getpid(), clock.threading.get_ident(), threading.get_ident()))
        seen.append(clock.threading.Thread)

    def see() -> None:
        other = threading.Thread(target=beside)
        other.start()
        other.join()
        for moment in moments:
            assert before <= moment <= time.monotonic()
        process, own, real, kind = seen
        assert (process, own, kind) == (os.getpid(), real, threading.Thread)
        moments.clear()
        seen.clear()

    before = time.monotonic()
    with virtual.substituted():
        see()
        with current.running(World(seed=1, perturbations=[])):
            assert clock.monotonic() == housekeeper.time.monotonic() == virtual.STARTED
            see()
