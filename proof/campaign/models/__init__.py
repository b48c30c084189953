"""The promises, each as a model that judges the operations recorded for it."""

from proof.campaign.models import (
    deadline,
    events,
    levels,
    lock,
    once,
    policies,
    quota,
    rights,
    row,
    slots,
)
from proof.campaign.models.finding import Finding, Judge

# Each judges the operations of its name; ``deadline`` judges those of all.
MODELS: dict[str, Judge] = {
    row.NAME: row.judge,
    rights.NAME: rights.judge,
    policies.NAME: policies.judge,
    quota.NAME: quota.judge,
    slots.NAME: slots.judge,
    lock.NAME: lock.judge,
    **once.JUDGES,
    events.NAME: events.judge,
    levels.NAME: levels.judge,
    deadline.NAME: deadline.judge,
}

__all__ = ["MODELS", "Finding", "Judge"]
