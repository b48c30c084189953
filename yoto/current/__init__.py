"""The calls of the platform as functions: each asks the current application.

Each raises ``RuntimeError`` where there is no application context, or where the application has not
the extension that answers. Calls of a room raise ``AttributeError`` where the room is off.
"""
