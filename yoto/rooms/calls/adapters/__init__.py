"""Clients of HTTP that keep the deadline at hand and say it to whom they ask, each in a module of
its own, which wants that client installed."""
