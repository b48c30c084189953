"""From a snapshot of the queue to the figures that are analysed. Pure."""

from __future__ import annotations

from yoto.optimization.invalidation.analysis import Figures
from yoto.optimization.invalidation.picture import Picture


def figures_of(picture: Picture) -> Figures:
    """The input of ``analyse`` from ``picture``."""
    coverings: dict[str, int] = {}
    for group, items in picture.largest:
        if group.covering is not None:
            coverings[group.covering] = coverings.get(group.covering, 0) + items
    return Figures(
        length=picture.length,
        inflow=picture.inflow,
        outflow=picture.outflow,
        oldest_age=picture.oldest_age,
        kinds=picture.kinds,
        coverings=coverings,
        reasons=picture.reasons,
    )
