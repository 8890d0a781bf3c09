"""cases.py FOLDER FILE: what FOLDER/verify.py says of every line, "yes" or "no". Its fields are in base64, with tabs
between them."""

import base64
import sys

sys.path.insert(0, sys.argv[1])
import verify  # noqa: E402

for line in open(sys.argv[2], encoding="ascii"):
    fields = [base64.b64decode(field) for field in line.rstrip("\n").split("\t")]
    secret, webhook_id, timestamp, signatures, now = (fields[i].decode() for i in (0, 1, 2, 3, 5))
    print("yes" if verify.verify(secret, webhook_id, timestamp, signatures, fields[4], int(now)) else "no")
