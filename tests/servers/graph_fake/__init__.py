"""A Microsoft Graph of our own: what the third-party emulator lacks (delta, MIME, extended properties, throttling)."""
