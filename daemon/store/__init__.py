"""Durable state. Facts are stored, status is derived from them elsewhere."""

from daemon.store.errors import StoreCorrupt, StoreError, StoreLocked, StoreNewer, StoreUnavailable
from daemon.store.store import AccountStore, Store

__all__ = ["AccountStore", "Store", "StoreCorrupt", "StoreError", "StoreLocked", "StoreNewer", "StoreUnavailable"]
