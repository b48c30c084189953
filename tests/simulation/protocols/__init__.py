"""The protocols that are simulated."""

from tests.simulation.protocols.floors import Floors
from tests.simulation.protocols.lock import Lock
from tests.simulation.protocols.protocol import Protocol

PROTOCOLS: dict[str, type[Protocol]] = {one.name: one for one in (Floors, Lock)}

__all__ = ["PROTOCOLS", "Protocol"]
