"""Answers requests with PyJWT: a JSON array on stdin, an answer for each on stdout.

{"op": "encode", "alg", "key", "claims"} is answered by {"token"}, and
{"op": "decode", "alg", "key", "token", "audience"} by {"claims"} or, where PyJWT
refuses the token, {"error": the name of its exception}. audience may be left out.
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
