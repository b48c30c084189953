"""From a snapshot of the queue to the figures that are analysed. Pure."""

from __future__ import annotations

from yoto.optimization.invalidation.analysis import Figures
from yoto.optimization.invalidation.snapshot import InvalidationSnapshot


def figures_of(snapshot: InvalidationSnapshot) -> Figures:
    """The input of ``analyse`` from ``snapshot``."""
    coverings: dict[str, int] = {}
    for group, items in snapshot.largest:
        if group.covering is not None:
            coverings[group.covering] = coverings.get(group.covering, 0) + items
    return Figures(
        length=snapshot.length,
        inflow=snapshot.inflow,
        outflow=snapshot.outflow,
        oldest_age=snapshot.oldest_age,
        kinds=snapshot.kinds,
        coverings=coverings,
        reasons=snapshot.reasons,
    )
