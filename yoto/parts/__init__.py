"""The parts of an application, as lists in the order in which they need each other.

``guards`` has the parts that guards alone need, ``platform`` all of them. Nothing is imported here,
since guards alone need no SQLAlchemy.
"""
