"""A security key made of software, which can be told to cheat."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HERE = "http://testserver"
UP, UV, AT = 0x01, 0x04, 0x40


class SoftKey:
    """One passkey."""

    def __init__(self, name: bytes = b"k" * 16) -> None:
        self.name = name
        self.private = ec.generate_private_key(ec.SECP256R1())

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> CollectedClientData:
        text = json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": origin}
        ).encode()
        return CollectedClientData(text)

    def _answer(self, **response: bytes) -> str:
        packed = {part: websafe_encode(value) for part, value in response.items()}
        name = websafe_encode(self.name)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": packed,
            }
        )

    def credential(self) -> bytes:
        """Return its public part, as a site keeps it."""
        public = ES256.from_cryptography_key(self.private.public_key())
        return bytes(AttestedCredentialData.create(b"\0" * 16, self.name, public))

    def make(self, options: dict[str, Any], *, origin: str = HERE, unlocked: bool = True) -> str:
        """Answer a page that asks for a new passkey."""
        asked = options["publicKey"]
        credential = AttestedCredentialData(self.credential())
        flags = UP | UV | AT if unlocked else UP | AT
        data = AuthenticatorData.create(sha256(asked["rp"]["id"].encode()), flags, 0, credential)
        attested = AttestationObject.create("none", data, {})
        client = self._client("webauthn.create", asked, origin)
        return self._answer(clientDataJSON=bytes(client), attestationObject=bytes(attested))

    def use(
        self, options: dict[str, Any], *, owner: bytes, origin: str = HERE, unlocked: bool = True
    ) -> str:
        """Answer a page that asks for a passkey."""
        asked = options["publicKey"]
        flags = UP | UV if unlocked else UP
        data = AuthenticatorData.create(sha256(asked["rpId"].encode()), flags, 0)
        client = self._client("webauthn.get", asked, origin)
        signature = self.private.sign(bytes(data) + client.hash, ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=bytes(client),
            authenticatorData=bytes(data),
            signature=signature,
            userHandle=owner,
        )
