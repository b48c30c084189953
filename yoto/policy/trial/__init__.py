"""Trying a bundle where it can do no harm."""

from yoto.policy.trial.running import TrialLimits, refuse_failures, run_trial

__all__ = ["TrialLimits", "refuse_failures", "run_trial"]
