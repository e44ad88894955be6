"""A small OpenID provider of a school, as a process of its own: discovery, authorize, token, keys.

It checks what a provider checks (client, address to come back to, PKCE), signs with RS256, and
can be told to misbehave: `POST /tell` with JSON sets what it says of whoever signs in, and one
`fault`. Run as `python provider.py`; it prints its port.
"""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "peer-support", "a-secret-of-the-tests"
_KEY, _OTHER_KEY = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
_KID = "k1"
_said: dict[str, Any] = {"claims": {}, "fault": "", "page": False}
_codes: dict[str, dict[str, str]] = {}
# What was asked at the last authorize; tests look at it by GET /asked.
_asked: dict[str, str] = {}


class Provider(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ThreadingHTTPServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    @property
    def issuer(self) -> str:
        """Where it lives."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def _send(self, status: int, body: Any, kind: str = "application/json") -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Answer discovery, keys, authorize."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._discovery()
        elif parts.path == "/keys":
            self._send(200, {"keys": [{**_KEY.as_dict(private=False), "kid": _KID}]})
        elif parts.path == "/authorize":
            self._authorize(query)
        elif parts.path == "/asked":
            self._send(200, _asked)
        else:
            self._send(404, {})

    def _discovery(self) -> None:
        if _said["fault"] == "garbage":
            return self._send(200, "<html>We are being repaired</html>", "text/html")
        if _said["fault"] == "down":
            return self._send(503, {})
        issuer = "https://evil.example" if _said["fault"] == "issuer" else self.issuer
        return self._send(
            200,
            {
                "issuer": issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            },
        )

    def _authorize(self, query: dict[str, str]) -> None:
        _asked.clear()
        _asked.update(query)
        known = query.get("client_id") == CLIENT and query.get("response_type") == "code"
        if not known or query.get("code_challenge_method") != "S256":
            return self._send(400, {"error": "invalid_request"})
        if _said["fault"] == "refused":
            back = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            _codes[code] = query
            back = {"code": code, "state": query["state"]}
        onward = f"{query['redirect_uri']}?{urlencode(back)}"
        if _said["page"]:
            page = (
                '<!doctype html><html lang="en"><head><title>School</title></head>'
                f'<body><main><h1>School sign-on</h1><a href="{onward}">Go on</a></main></body>'
            )
            return self._send(200, page, "text/html")
        self.send_response(302)
        self.send_header("Location", onward)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def do_POST(self) -> None:
        """Answer the token request, and what the tests tell it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/tell":
            _said.update({"claims": {}, "fault": "", "page": False}, **json.loads(body))
            return self._send(200, {})
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return self._token(form)

    def _token(self, form: dict[str, str]) -> None:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_client = self.headers.get("Authorization") == f"Basic {basic}"
        asked = _codes.pop(form.get("code", ""), None)
        if not is_client or asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return self._send(400, {"error": "invalid_grant"})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return self._send(400, {"error": "invalid_grant"})
        if _said["fault"] == "token down":
            return self._send(503, "repairs", "text/plain")
        answer = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer"}
        if _said["fault"] != "no token":
            answer["id_token"] = self._id_token(asked)
        return self._send(200, answer)

    def _id_token(self, asked: dict[str, str]) -> str:
        now, fault = int(time.time()), _said["fault"]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked.get("nonce", ""),
            **_said["claims"],
        }
        if fault == "nonce":
            claims["nonce"] = "another"
        if fault == "no nonce":
            del claims["nonce"]
        if fault == "audience":
            claims |= {"aud": "another-client", "azp": CLIENT}
        if fault == "expired":
            claims |= {"iat": now - 7200, "exp": now - 3600}
        if fault == "token issuer":
            claims["iss"] = "https://evil.example"
        if fault == "unsigned":
            parts = ({"alg": "none", "typ": "JWT"}, claims)
            coded = [base64.urlsafe_b64encode(json.dumps(p).encode()) for p in parts]
            return b".".join([*(c.rstrip(b"=") for c in coded), b""]).decode()
        key = _OTHER_KEY if fault == "signature" else _KEY
        signed: str = jwt.encode({"alg": "RS256", "kid": _KID}, claims, key)
        return signed


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(server.server_address[1], flush=True)  # noqa: T201 - whoever started it reads it
    server.serve_forever()
