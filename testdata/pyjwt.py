"""Runs requests with PyJWT. Reads a JSON array from stdin and writes one with the results to stdout.

The result of {"op": "encode", "alg", "key", "claims"} is {"token"}. The result of
{"op": "decode", "alg", "key", "token", "audience"} is {"claims"}, or {"error"} with the name of
the exception if PyJWT rejects the token. audience is optional.
"""

import json
import sys
from datetime import datetime, timezone

import jwt


def encode(request):
    claims = request["claims"]
    for name in ("exp", "iat"):
        if name in claims:  # as datetime, which is how PyJWT is mostly used
            claims[name] = datetime.fromtimestamp(claims[name], timezone.utc)
    return {"token": jwt.encode(claims, request["key"], algorithm=request["alg"])}


def decode(request):
    try:
        claims = jwt.decode(
            request["token"],
            request["key"],
            algorithms=[request["alg"]],
            audience=request.get("audience"),
        )
    except jwt.PyJWTError as e:
        return {"error": type(e).__name__}
    return {"claims": claims}


operations = {"encode": encode, "decode": decode}
json.dump([operations[r["op"]](r) for r in json.load(sys.stdin)], sys.stdout)
