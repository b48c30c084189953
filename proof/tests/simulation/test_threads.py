"""Code under test has the time and the threads of its simulation, and other code the real ones."""

from __future__ import annotations

import threading
import time

from proof.simulation import current, threads, virtual
from proof.simulation.scheduler import World


def test_a_thread_beside_the_simulation_keeps_its_own_time_and_identity() -> None:
    seen: list[float] = []

    def beside() -> None:
        seen.extend((virtual.monotonic(), threads.get_ident(), threading.get_ident()))

    with current.running(World(seed=1, perturbations=[])):
        before = time.monotonic()
        assert virtual.monotonic() == virtual.STARTED
        other = threading.Thread(target=beside)
        other.start()
        other.join()
    moment, own, real = seen
    assert before <= moment <= time.monotonic()
    assert own == real
