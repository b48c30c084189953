"""Checkers of the platform beyond tests; their own tests are in ``proof.tests``.

The campaign breaks the topology of production under load, the soak looks for what drifts, the
simulation searches the protocols in virtual time, and planted bugs show that they catch something.
All take the parts that they start from ``tests.support``; no test takes anything from here.
"""
