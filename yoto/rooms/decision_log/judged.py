"""The number of recent decisions that policies took part in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import case, func, select

from yoto.permission.loading.source import reading
from yoto.rooms.decision_log.reading import records

LATEST = 10_000  # records that are read


class Judged(NamedTuple):
    """Decisions about one permission, estimated where allowed ones are recorded in part.

    Attributes:
        judged: those that policies took part in.
    """

    decisions: int
    judged: int


def judged_of_late(latest: int = LATEST) -> Mapping[str, Judged]:
    """By permission, or expression, of the ``latest`` records.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    newest = (
        select(records.c.asked, records.c.weight, records.c.policy_version)
        .order_by(records.c.id.desc())
        .limit(latest)
        .subquery()
    )
    judged = case((newest.c.policy_version.is_not(None), newest.c.weight), else_=0)
    counts = select(newest.c.asked, func.sum(newest.c.weight), func.sum(judged))
    with reading() as connection:
        rows = connection.execute(counts.group_by(newest.c.asked))
        return {asked: Judged(int(all_), int(some)) for asked, all_, some in rows}
