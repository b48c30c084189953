"""Fills the cache with the hottest entries ahead of requests."""

from yoto.permission.preloading.report import PreloadReport, PreloadStats
from yoto.permission.preloading.service import Preloading, PreloadSettings

__all__ = ["PreloadReport", "PreloadSettings", "PreloadStats", "Preloading"]
