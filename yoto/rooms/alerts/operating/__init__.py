"""Alerts as operators see them, and acts on them."""
