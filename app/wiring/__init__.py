"""Joins tables to the protocols of core packages, for ``create_app`` to hand over."""
