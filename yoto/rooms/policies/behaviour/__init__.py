"""The behaviour of users: decaying counters in Redis, and a risk score."""

from yoto.rooms.policies.behaviour.counters import CountedAction
from yoto.rooms.policies.behaviour.extension import BehaviourWatch
from yoto.rooms.policies.behaviour.risk import Behaviour, risk_of

__all__ = [
    "Behaviour",
    "BehaviourWatch",
    "CountedAction",
    "risk_of",
]
