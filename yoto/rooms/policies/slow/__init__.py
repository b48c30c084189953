"""Notices that evaluations turn slow, and which policy makes them so."""

from yoto.rooms.policies.slow.costs import PolicyCosts, costliest, measure_costs
from yoto.rooms.policies.slow.watch import MINIMUM, Pace, SlowWatch

__all__ = ["MINIMUM", "Pace", "PolicyCosts", "SlowWatch", "costliest", "measure_costs"]
