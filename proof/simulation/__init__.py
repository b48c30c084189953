"""Seeded simulation of the protocols, in virtual time, on a model of Redis."""
