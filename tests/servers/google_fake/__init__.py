"""Gmail and Google Calendar on loopback, for what the third-party emulator lacks.

Every request and every answer is held against Google's own discovery documents (those that ship with
google-api-python-client), and every method to the scopes that Google's documents give it.
"""
