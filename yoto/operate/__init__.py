"""The operations that operators can see and do, each declared once, as a typed function.

``operation`` defines what a declaration holds. From declarations, ``rest`` makes the routes and the
document of the control API, and ``yoto.cli.operations`` the commands of the terminal.
"""
