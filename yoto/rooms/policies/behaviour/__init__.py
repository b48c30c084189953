"""The behaviour of users: decaying counters in Redis, and a risk score."""

from yoto.rooms.policies.behaviour.counters import CountedAction
from yoto.rooms.policies.behaviour.risk import Behaviour, risk_of
from yoto.rooms.policies.behaviour.watching import BehaviourWatch

__all__ = [
    "Behaviour",
    "BehaviourWatch",
    "CountedAction",
    "risk_of",
]
