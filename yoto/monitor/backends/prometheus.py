"""The scrape for Prometheus: sums of a host, in its text format."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.utils import floatToGoString

from .. import metric_names as names
from ..distribution import BOUNDS, PER_OCTAVE, Distribution
from ..series_names import Labels, Series
from .interface import Backend, Totals

V = TypeVar("V")

CONTENT_TYPE = CONTENT_TYPE_LATEST
# s between which alert thresholds lie. There each shown bound is twice the previous one, so that
# Prometheus reads quantiles with an error below that factor; beyond, it is four times.
FINE_FROM, FINE_TO = 2.0**-10, 2.0**3
# 24 lines a series, with the one for all values, instead of 121.
SHOWN_PLACES = tuple(
    number
    for number in range(0, len(BOUNDS), PER_OCTAVE)
    if FINE_FROM <= BOUNDS[number] <= FINE_TO or number % (2 * PER_OCTAVE) == 0
)
# Histograms whose lines are cached, without their values.
KEPT = 1_024
_number: Callable[[float], str] = floatToGoString
# The label with the worker that a gauge is from.
WORKER_LABEL = "worker"


class PrometheusBackend:
    """Exports the totals of ``store``. Counters are sums over all workers of the host, also ended
    ones, so that no counter ever falls because a worker was replaced."""

    def __init__(self, store: Backend) -> None:
        self._store = store

    def render(self) -> bytes:
        """The text for a scrape.

        While the store's sums are unavailable, the text has none, and ``yoto_monitor_complete`` is
        0: sums that fell and rose again would count twice in every rate.
        """
        return "\n".join([*_lines(self._store.totals()), ""]).encode()


def _lines(totals: Totals) -> Iterator[str]:
    """The text format (https://prometheus.io/docs/instrumenting/exposition_formats/). Everything
    except the numbers is the same in each scrape, and made once."""
    yield _head(names.COMPLETE, names.COMPLETE, "gauge")
    yield _line(names.COMPLETE, float(totals.complete))
    for name, counted in _families(totals.point.counters.items()):
        shown = f"{name.removesuffix('_total')}_total"
        yield _head(name, shown, "counter")
        for labels, count in counted:
            yield _line(Series(shown, labels), count)
    for name, spreads in _families(totals.point.histograms.items()):
        yield _head(name, name, "histogram")
        for labels, distribution in spreads:
            for begin, value in zip(
                _distribution_lines(name, labels), _values(distribution), strict=True
            ):
                yield _line(begin, value)
    levels_text = (
        (Series(about.name, (*about.labels, (WORKER_LABEL, str(worker.pid)))), value)
        for worker in totals.workers
        for about, value in worker.gauges.items()
    )
    for name, levels in _families(levels_text):
        yield _head(name, name, "gauge")
        for labels, level in levels:
            yield _line(Series(name, labels), level)


def _line(begin: Series | str, value: float) -> str:
    return f"{begin} {_number(value)}"


@lru_cache
def _head(name: str, shown: str, kind: str) -> str:
    text = names.help_of(name).replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {shown} {text}\n# TYPE {shown} {kind}"


def _families(
    items: Iterable[tuple[Series, V]],
) -> Iterator[tuple[str, list[tuple[Labels, V]]]]:
    """Families by name, each with labels and values.

    All series of a family must have the same labels, so a missing one is added as empty.
    """
    groups: dict[str, list[tuple[Labels, V]]] = defaultdict(list)
    for about, value in items:
        groups[about.name].append((about.labels, value))
    for name, lines in sorted(groups.items()):
        lacking = dict.fromkeys((label for given, _ in lines for label, _ in given), "")
        yield name, [(tuple(sorted({**lacking, **dict(given)}.items())), v) for given, v in lines]


@lru_cache(maxsize=KEPT)
def _distribution_lines(name: str, labels: Labels) -> list[str]:
    """The lines of a histogram without their values."""
    bounds = [*(f"{BOUNDS[number]:.6g}" for number in SHOWN_PLACES), "+Inf"]
    return [
        *(str(Series(f"{name}_bucket", tuple(sorted((*labels, ("le", one)))))) for one in bounds),
        str(Series(f"{name}_count", labels)),
        str(Series(f"{name}_sum", labels)),
    ]


def _values(distribution: Distribution) -> Iterator[float]:
    """The values of a histogram's lines."""
    counts = sorted(distribution.counts.items())
    seen = place = 0
    for number in SHOWN_PLACES:
        while place < len(counts) and counts[place][0] <= number:
            seen += counts[place][1]
            place += 1
        yield seen
    yield distribution.count
    yield distribution.count
    yield distribution.total
