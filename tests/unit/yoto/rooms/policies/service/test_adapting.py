"""The adaptive part's reactions to measurements."""

from __future__ import annotations

from yoto.rooms.policies.metrics.counts import EngineCounts
from yoto.rooms.policies.service.adapting import AdaptivePart, Tunables

CONFIGURED = Tunables(cache_seconds=5.0, explanation_share=1.0)


def counts(decisions: int, hits: int) -> EngineCounts:
    return EngineCounts(decisions, decisions - hits, 0, 0, 0, hits, decisions - hits, 0, 0.0)


def looked(part: AdaptivePart, *looks: tuple[EngineCounts, float | None]) -> Tunables:
    tunables = CONFIGURED
    for seen, p95_us in looks:
        tunables = part.review(seen, p95_us, tunables)
    return tunables


def test_it_keeps_verdicts_longer_while_they_are_dear_and_asked_for_again() -> None:
    part = AdaptivePart(5.0, 60.0)
    looks = [(counts(1_000 * n, 300 * n), 2_000.0) for n in range(1, 8)]
    tunables = looked(part, *looks)
    assert tunables == Tunables(60.0, 0.1)
    settings = [(one.setting, one.old, one.new) for one in part.actions()]
    assert settings[:2] == [("cache_seconds", 5.0, 10.0), ("explanation_share", 1.0, 0.1)]
    assert "30% of 1000 from the cache" in part.actions()[0].why


def test_it_goes_back_when_they_are_cheap_again() -> None:
    part = AdaptivePart(5.0, 60.0)
    dear = [(counts(1_000 * n, 300 * n), 2_000.0) for n in range(1, 4)]
    assert looked(part, *dear, (counts(9_000, 900), 40.0)) == CONFIGURED


def test_a_cache_that_never_answers_is_not_widened() -> None:
    part = AdaptivePart(5.0, 60.0)
    assert looked(part, (counts(0, 0), 2e3), (counts(1_000, 0), 2e3)).cache_seconds == 5.0


def test_it_concludes_nothing_from_little() -> None:
    part = AdaptivePart(5.0, 60.0)
    assert looked(part, (counts(0, 0), 2e3), (counts(50, 40), 2e3)) == CONFIGURED
    assert looked(part, (counts(5_000, 4_000), None)) == CONFIGURED
    assert part.actions() == []
