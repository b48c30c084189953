"""Devices that people register as their own."""

from app.blueprints.devices.views import devices

__all__ = ["devices"]
