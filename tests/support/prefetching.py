"""Prefetching of an application, a turn at a time in place of its thread."""

from __future__ import annotations

from flask import Flask

from app.extensions import prefetch
from yoto.rooms.prefetch.prefetching import PrefetchService


def by_hand(app: Flask) -> PrefetchService:
    """The service of ``app``, which takes deeds down and does nothing else by itself."""
    service = prefetch.of(app)
    service.work.running = service.recorder.open = True
    return service


def turn(service: PrefetchService) -> None:
    """Learn and store what there is."""
    service.work.learn()
    service.work.flush()
