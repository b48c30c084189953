from tests.unit.yoto.permission.trees.misreadings import base, overwrites, roles
from tests.unit.yoto.permission.trees.misreadings.known import MISREADINGS

__all__ = ["MISREADINGS", "base", "overwrites", "roles"]
