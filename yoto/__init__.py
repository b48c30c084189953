"""Yoto, the platform: permissions and resilience for Flask applications.

An export is loaded with its first use, so that guards load nothing of permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

__version__ = "2.0.0"

if TYPE_CHECKING:
    from .current.guards import *
    from .current.locks import *
    from .current.permissions import *
    from .deadlines import check_deadline as check_deadline
    from .deadlines import deadline as deadline
    from .deadlines import remaining as remaining
    from .embed import Yoto as Yoto
    from .errors import *
    from .permission import PUBLIC as PUBLIC
    from .permission import Application as Application
    from .permission import Everyone as Everyone
    from .permission import Permission as Permission
    from .permission import Team as Team
    from .permission import has_permission as has_permission
    from .permission import has_role as has_role
    from .permission import permission_denied as permission_denied
    from .permission import require_expression as require_expression
    from .permission import require_permission as require_permission
    from .permission import require_permissions as require_permissions
    from .permission import require_role as require_role
    from .permission import require_roles as require_roles
    from .redis import create_redis_client as create_redis_client
    from .redis import get_redis_info as get_redis_info
    from .redis import test_redis_connection as test_redis_connection
    from .resilience import BulkheadConfig as BulkheadConfig
    from .resilience import CircuitBreakerConfig as CircuitBreakerConfig
    from .resilience import DegradationConfig as DegradationConfig
    from .resilience import MultiDimensionalKey as MultiDimensionalKey
    from .resilience import RateLimitConfig as RateLimitConfig
    from .resilience import bulkhead as bulkhead
    from .resilience import circuit_breaker as circuit_breaker
    from .resilience import degradable as degradable
    from .resilience import exempt as exempt
    from .resilience import get_resilience_controller as get_resilience_controller
    from .resilience import guarded as guarded
    from .resilience import limit_views as limit_views
    from .resilience import rate_limit as rate_limit
    from .store.asked import PersonFacts as PersonFacts
    from .store.asked import ProvidedRole as ProvidedRole
    from .store.asked import attributes_by as attributes_by
    from .store.asked import roles_by as roles_by
    from .store.people import people as people
    from .store.people import people_by as people_by
else:
    _HOMES = {
        ".resilience": """
            BulkheadConfig CircuitBreakerConfig DegradationConfig MultiDimensionalKey
            RateLimitConfig bulkhead circuit_breaker degradable exempt get_resilience_controller
            guarded limit_views rate_limit
        """,
        ".permission": """
            Application Everyone PUBLIC Permission Team has_permission has_role permission_denied
            require_expression require_permission require_permissions require_role require_roles
        """,
        ".current.guards": """
            execute_atomic_operation get_all_resilience_configs get_bulkhead_config
            get_bulkhead_stats get_circuit_breaker_config get_circuit_breaker_state
            get_degradation_config get_rate_limit_config get_rate_limit_status
            is_global_switch_enabled set_bulkhead_config set_circuit_breaker_config
            set_degradation_config set_global_switch set_rate_limit_config
        """,
        ".current.permissions": """
            add_role_parent add_team_members add_team_parent assign assign_group_to_role
            assign_permission_to_group assign_permissions_to_role assign_roles_to_user
            batch_check_permissions batch_register_permissions batch_register_roles check_many
            check_permission clear_overwrite create_team decide delete_group delete_resource
            delete_role delete_team explain get_optimization_suggestions
            get_permission_registry_stats get_system_stats holders invalidate_all
            invalidate_role_cache invalidate_user_cache is_maintenance_mode_enabled
            list_registered_groups list_registered_permissions list_registered_roles
            list_resources list_sets list_users nodes_with people_changed put_resource
            register_application register_group register_permission register_role
            remove_group_from_role remove_permission_from_group remove_role_parent
            remove_team_members remove_team_parent revoke_permissions_from_role
            revoke_roles_from_user roles_changed set_application_disabled set_maintenance_mode
            set_overwrite team_members unassign update_role visible warm_up
        """,
        ".current.locks": """
            create_lock create_multi_lock create_read_write_lock locked take_up_lock
        """,
        ".deadlines": "check_deadline deadline remaining",
        ".embed": "Yoto",
        ".store.asked": "PersonFacts ProvidedRole attributes_by roles_by",
        ".store.people": "people people_by",
        ".redis": "create_redis_client get_redis_info test_redis_connection",
        ".errors": """
            BulkheadFull CircuitIsolated CircuitOpen ConfigurationError DeadlineExceeded Degraded
            LockLost LockNotAcquired MaintenanceMode PermissionDenied PlatformError PolicyError
            RateLimited Rejected SignInAgain StoreUnavailable ValidationFailed
        """,
    }
    __all__ = sorted(name for names in _HOMES.values() for name in names.split())
    __getattr__ = exports(
        __name__, {name: home for home, names in _HOMES.items() for name in names.split()}
    )

    def __dir__() -> list[str]:
        return [*__all__, "__version__"]
