"""The protocols that are simulated."""

from proof.simulation.protocols.floors import Floors
from proof.simulation.protocols.leases import Leases
from proof.simulation.protocols.lock import Lock
from proof.simulation.protocols.outbox import Changes
from proof.simulation.protocols.protocol import Protocol
from proof.simulation.protocols.queue import Jobs
from proof.simulation.protocols.units import Units

PROTOCOLS: dict[str, type[Protocol]] = {
    one.name: one for one in (Floors, Leases, Lock, Changes, Jobs, Units)
}

__all__ = ["PROTOCOLS", "Protocol"]
