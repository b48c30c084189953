"""Trying a bundle where it can do no harm."""

from yoto.policy.trial.running import TrialLimits, run_trial

__all__ = ["TrialLimits", "run_trial"]
