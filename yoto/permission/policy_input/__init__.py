"""What policies are asked about permissions, and with which facts."""

from yoto.permission.policy_input.facts import Surroundings
from yoto.permission.policy_input.judge import PolicyJudge

__all__ = ["PolicyJudge", "Surroundings"]
