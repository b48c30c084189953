"""Yoto for WSGI servers: ``gunicorn -c deploy/gunicorn/gunicorn.conf.py``.

``run.py`` starts gunicorn by itself; docs/serving.md tells what it does beside this.
"""

from run import ForkedApplication

# Made when this module is imported, so that a wrong setting ends the start.
application = ForkedApplication()
