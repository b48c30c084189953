"""``flask resilience``: show and control guards, their configuration and the global switches."""

from yoto.cli.operations import group_of
from yoto.cli.resilience import breakers, entries, guards, trying
from yoto.cli.resilience.group import resilience
from yoto.operate.rollouts import rollouts

resilience.add_command(group_of(rollouts))

__all__ = ["breakers", "entries", "guards", "resilience", "trying"]
