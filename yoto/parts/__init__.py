"""What an application is made of, as lists in the order in which the parts need each other.

``guards`` has what guards alone take, ``platform`` all of it. Nothing is imported here: the first
does without SQLAlchemy.
"""
