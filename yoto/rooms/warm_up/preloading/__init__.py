"""Fills the cache with the hottest entries ahead of requests."""

from yoto.rooms.warm_up.preloading.report import PreloadReport, PreloadStats
from yoto.rooms.warm_up.preloading.running import Preloading

__all__ = ["PreloadReport", "PreloadStats", "Preloading"]
