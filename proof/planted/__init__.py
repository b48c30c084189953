"""Bugs that the checkers must catch: each changes the product's text, from the tests' side.

``YOTO_PLANT=name`` plants one in the process that reads it; ``python -m proof.planted`` shows for
each that its checkers catch it, and what they say without it.
"""
