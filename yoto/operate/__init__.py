"""The operations that operators can see and do, each declared once, as a typed function.

``yoto.http.operation`` defines what a declaration holds. From declarations, ``yoto.http.declared``
makes the routes and the document of the control API, and ``yoto.cli.operations`` the commands of
the terminal.
"""
