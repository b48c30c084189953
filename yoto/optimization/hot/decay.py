"""The maths of the counts: exponential decay, counted forward.

A request that happened ``a`` ms ago weighs ``exp(-a / life)``. The weights of a steady rate add up
to the count of a plain window as long as ``life``, without its edge.

Every stored weight would change all the time. Counted forward (Cormode, Shkapenyuk, Srivastava, Xu:
Forward Decay, ICDE 2009) a request at ``t`` adds the fixed ``exp(t / life)``, and the count as of
``now`` is the sum divided by ``exp(now / life)``, the same for all: their order never changes
between two requests, as a sorted set needs it. The sum itself would overflow within weeks
of any landmark, so its logarithm is kept, as a time in ms::

    score = life * ln(sum of exp(t_i / life))        count = exp((score - now) / life)

One request at ``t`` has the score ``t``; ``n`` of them have ``t + life * ln n``; two scores join to
``high + life * ln(1 + exp((low - high) / life))``. A double holds ms since 1970 to a quarter of a
microsecond, which is a relative error of the count below 1e-11 for a life of a day.

At most so many members are kept by Space-Saving (Metwally, Agrawal, El Abbadi 2005): a newcomer
without room takes over the score of the least and adds to it. With total weight W and N members,
every member with more than W / N is kept, and no count is too high by more than W / N.
"""

from __future__ import annotations

from math import exp


def count_at(score: float, now: float, life: float) -> float:
    """The decayed count of ``score`` at ``now``; all in ms."""
    return exp((score - now) / life)
