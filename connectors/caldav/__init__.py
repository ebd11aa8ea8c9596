"""Calendars on a CalDAV server (RFC 4791), read with sync-collection (RFC 6578) or by comparing ETags."""
