"""The soak: the topology of production under load and change for an hour, and nothing may drift.

``python -m proof.soak`` (``make soak``) measures what the topology can do on this machine,
asks 70 % of it while people, rights, settings, sockets and workers come and go, and samples what
should stay at its level. ``drift`` judges each series; docs/verification.md says by what.
"""
