"""What operators can see and do: each operation declared once, as a typed function.

``operation`` has what a declaration says. ``rest`` makes the routes of the control API from it with
their document, and ``yoto.cli.operations`` the commands of the terminal.
"""
