"""The protocols that are simulated."""

from tests.simulation.protocols.floors import Floors
from tests.simulation.protocols.leases import Leases
from tests.simulation.protocols.lock import Lock
from tests.simulation.protocols.outbox import Changes
from tests.simulation.protocols.protocol import Protocol
from tests.simulation.protocols.queue import Jobs
from tests.simulation.protocols.units import Units

PROTOCOLS: dict[str, type[Protocol]] = {
    one.name: one for one in (Floors, Leases, Lock, Changes, Jobs, Units)
}

__all__ = ["PROTOCOLS", "Protocol"]
