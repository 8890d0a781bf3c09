#!/usr/bin/env python3
"""Verifies a webhook of lifecertd by its v1 signature (HMAC-SHA256). As a program:

    WEBHOOK_SECRET=whsec_... python3 verify.py ID TIMESTAMP SIGNATURES [NOW] <BODY

The three are the headers webhook-id, webhook-timestamp and webhook-signature. It exits 0 when the request is
genuine, and 1 when it is not. NOW takes the place of the clock, in seconds since 1970.
"""

import base64
import hashlib
import hmac
import os
import re
import sys
import time

TOLERANCE = 300  # seconds that a request may be away from now
SECRET_PREFIX = "whsec_"
BODY_MAX = 1 << 20


def secret_key(secret):
    """The bytes of a secret, 24 to 64, or None: it is malformed. Base64 has one spelling alone for them."""
    text = secret[len(SECRET_PREFIX):]
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    well_formed = secret.startswith(SECRET_PREFIX) and 24 <= len(key) <= 64
    return key if well_formed and base64.b64encode(key).decode() == text else None


def verify(secret, webhook_id, timestamp, signatures, body, now):
    """Is this request from whoever has the secret, and of this time? body: bytes as they came, before anything has
    parsed them; the headers: str; now: seconds since 1970."""
    key = secret_key(secret)
    if key is None:
        return False
    if not re.fullmatch("[A-Za-z0-9_-]+", webhook_id) or not re.fullmatch("[0-9]{1,12}", timestamp):
        return False
    if abs(now - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    entries = signatures.encode("utf-8", "surrogateescape").split(b" ")
    # Of several signatures one is enough. compare_digest() takes as long wherever two differ.
    return any([hmac.compare_digest(entry, expected) for entry in entries])


def main():
    secret = os.environ.get("WEBHOOK_SECRET")
    if len(sys.argv) not in (4, 5) or secret is None:
        print("usage: WEBHOOK_SECRET=whsec_... verify.py ID TIMESTAMP SIGNATURES [NOW] <BODY", file=sys.stderr)
        return 2
    now = int(sys.argv[4]) if len(sys.argv) == 5 else int(time.time())
    body = sys.stdin.buffer.read(BODY_MAX)
    if len(body) == BODY_MAX:
        print(f"verify.py: a body of more than {BODY_MAX - 1} bytes", file=sys.stderr)
        return 2
    return 0 if verify(secret, *sys.argv[1:4], body, now) else 1


if __name__ == "__main__":
    sys.exit(main())
