"""Trying a bundle where it can do no harm."""

from yoto.policy.sandbox.running import SandboxLimits, refuse_failures, run_in_sandbox

__all__ = ["SandboxLimits", "refuse_failures", "run_in_sandbox"]
