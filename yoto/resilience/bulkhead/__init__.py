"""The bulkhead."""

from ..leases import Slot
from .bulkhead import Bulkhead, BulkheadStats, partition_of

__all__ = ["Bulkhead", "BulkheadStats", "Slot", "partition_of"]
