"""Tokens that the test server takes (JSON Web Token, RFC 7519)."""

import base64
import hashlib
import hmac
import json
import time


def jwt(key: bytes, subject: str) -> str:
    """An HS256 token for this user."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    head = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = part(json.dumps({"sub": subject, "iat": now - 5, "nbf": now - 5, "exp": now + 600}).encode())
    return b".".join((head, body, part(hmac.new(key, head + b"." + body, hashlib.sha256).digest()))).decode()
