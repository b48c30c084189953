"""The kinds of faults, by name."""

from __future__ import annotations

import shutil

from proof.campaign.faults import (
    clocks,
    connections,
    database,
    disk,
    others,
    redis_processes,
    redis_state,
    slots,
    workers,
)
from proof.campaign.faults.base import Fault
from proof.campaign.faults.links import link_faults
from proof.campaign.faults.write_steps import CommitsCut, killed_in_a_write

KINDS: list[type[Fault]] = [
    workers.WorkerKilled,
    workers.WorkerStopped,
    workers.SupervisorKilled,
    workers.SupervisorStopped,
    workers.NodeKilled,
    workers.NodeStopped,
    *killed_in_a_write(),
    CommitsCut,
    redis_processes.PrimaryKilled,
    redis_processes.PrimaryStopped,
    redis_processes.ReplicaKilled,
    redis_processes.ReplicaStopped,
    redis_processes.OrderedFailover,
    redis_processes.FailoverWithOlderData,
    redis_processes.EveryPrimaryStopped,
    redis_state.OutOfMemory,
    redis_state.Evicting,
    redis_state.TooFewReplicas,
    redis_state.NoRight,
    redis_state.DemotedPrimary,
    redis_state.Flushed,
    redis_state.ScriptsFlushed,
    redis_state.RestartedEmpty,
    slots.SlotsMoved,
    clocks.ClockForward,
    clocks.ClockBack,
    others.DatabaseKilled,
    others.DatabaseStopped,
    database.ConnectionsKilled,
    database.TablesLocked,
    database.Deadlocks,
    database.ReadOnly,
    disk.DiskFull,
    others.OpaKilled,
    others.OpaStopped,
    others.NginxKilled,
    others.NginxStopped,
    others.PrometheusKilled,
    others.PrometheusStopped,
    connections.ManyAtNginx,
    connections.ManyAtANode,
    connections.SlowAtNginx,
    connections.SlowAtANode,
    *link_faults(),
]


def possible(name: str) -> bool:
    """Whether what a fault needs is there."""
    needs = FAULTS[name].needs
    return ("prometheus" not in needs or shutil.which("prometheus") is not None) and (
        "faketime" not in needs or clocks.library() is not None
    )


FAULTS: dict[str, type[Fault]] = {kind.name: kind for kind in KINDS}
