"""OpenFGA's sample stores that use ``and`` or ``but not``, said in types, roles and expressions.

A relation that is written down is a role at a node, for what follows from it there and below; one
that is computed by ``and`` or ``but not`` is an expression. A link of a node to itself, such as
``published``, is a role that everybody holds there. Where a condition looks at the request a policy
judges the permission; where it looks at the time the role is held until then.

The first ten use ``and``, ``stripe`` uses ``but not``; ``mcp-gateway`` came later. The store
``role-bindings`` is ``role-assignments`` under another name.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.openfga import stores
from tests.support.openfga.guide import guide
from tests.support.openfga.store import PUBLIC_NAME, START, Store

STORES: Mapping[str, Store] = {
    "banking": stores.banking(),
    "developer-portal": stores.developer_portal(),
    "ip-based-access": stores.ip_based_access(),
    "role-assignments": stores.role_assignments(),
    **{f"modeling-guide step {step}": guide(step) for step in range(5, 11)},
    "stripe": stores.stripe(),
    "mcp-gateway": stores.mcp_gateway(),
}

__all__ = ["PUBLIC_NAME", "START", "STORES", "Store"]
