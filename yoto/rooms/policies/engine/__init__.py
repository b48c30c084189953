"""Engines that run Rego, behind one protocol."""
