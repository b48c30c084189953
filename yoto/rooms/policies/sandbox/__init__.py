"""Tries a bundle where it can do no harm."""

from yoto.rooms.policies.sandbox.running import (
    OverLimit,
    SandboxLimits,
    refuse_failures,
    run_in_sandbox,
)

__all__ = ["OverLimit", "SandboxLimits", "refuse_failures", "run_in_sandbox"]
