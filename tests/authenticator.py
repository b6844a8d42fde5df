"""A passkey's device, in software: what a browser and its authenticator answer (WebAuthn)."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

# Flags of the authenticator's data (Web Authentication, Level 2, section 6.1).
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """A device with one passkey. `verifies` says whether it asks its owner for a finger, a face or
    a PIN; `origin` is the origin that the browser tells, `public` the key that it makes up instead
    of its own, `attested` the attestation's format and statement, if it makes one up."""

    origin: str
    verifies: bool = True
    counts: bool = True
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    uses: int = 0
    public: Any = None
    attested: tuple[str, dict[str, Any]] = ("none", {})

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: str) -> str:
        """What the browser answers to `navigator.credentials.create`."""
        asked = json.loads(options)
        point = self.key.public_key().public_numbers()
        # A COSE key of ES256 (RFC 9053, sections 2.1 and 7.1.1).
        own = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        public = cbor2.dumps(own if self.public is None else self.public)
        about = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(asked["rp"]["id"], ATTESTED) + about
        form, statement = self.attested
        made = cbor2.dumps({"fmt": form, "attStmt": statement, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=made)

    def answer(self, options: str, **claims: Any) -> str:
        """What the browser answers to `navigator.credentials.get`; `claims` replace true values."""
        asked = json.loads(options)
        self.uses += 1
        data = self._data(asked["rpId"])
        client = self._client("webauthn.get", claims.get("challenge", asked["challenge"]))
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, host: str, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        count = self.uses if self.counts else 0
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        own = _text(self.credential_id)
        return json.dumps(
            {
                "id": own,
                "rawId": own,
                "type": "public-key",
                "response": {name: _text(value) for name, value in response.items()},
                "clientExtensionResults": {},
            }
        )


def challenge_of(options: str) -> bytes:
    """The challenge in what a browser is asked."""
    text = json.loads(options)["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
