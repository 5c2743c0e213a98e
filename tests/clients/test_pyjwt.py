"""Real clients that this project did not write: eth-account signs in, PyJWT verifies the tokens."""

import base64
import json
import urllib.error
import urllib.request

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

REQUIRED = ["iss", "sub", "exp", "nbf", "iat", "jti", "sid"]


def decode(token, key, issuer):
    return jwt.decode(token, key, algorithms=["EdDSA"], issuer=issuer, options={"require": REQUIRED})


@pytest.fixture
def key(base, token):
    """The key of `token`, found by PyJWT's own JWKS client."""
    return jwt.PyJWKClient(f"{base}/.well-known/jwks.json").get_signing_key_from_jwt(token)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def flip(text):
    """Another character in the middle, where every bit of it counts."""
    at = len(text) // 2
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1:]


@pytest.mark.parametrize("wallet_type, scheme", [
    ("tron", "tron-v2"), ("ledger", "tron-v2"), ("keepkey", "tron-v2"),
    ("keepkey-eth", "eip191"), ("trezor-eth", "eip191"), ("ethereum", "eip191"),
])
def test_a_wallet_of_each_kind_signs_in(base, wallet, wallet_type, scheme):
    reply = wallet.sign_in(base, wallet_type)
    assert reply["user"]["tron_address"] == wallet.address, scheme


def test_pyjwt_verifies_a_token_by_the_published_keys(base, wallet):
    reply = wallet.sign_in(base, "tron")
    token = reply["access_token"]
    key = jwt.PyJWKClient(f"{base}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    claims = decode(token, key, base)
    assert claims["sub"] == claims["user_id"] == reply["user"]["user_id"]
    assert claims["sid"] == reply["session_id"]
    assert claims["tron_address"] == wallet.address
    assert claims["role"] == "USER"
    assert claims["type"] == "access"
    assert claims["exp"] - claims["iat"] == 900
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"


def test_a_service_that_holds_the_key_as_pem_verifies_without_a_call(base, token, key):
    pem = key.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert decode(token, pem, base)["type"] == "access"
    with pytest.raises(jwt.InvalidSignatureError):
        decode(flip_part(token, 2), pem, base)


def flip_part(token, index):
    parts = token.split(".")
    parts[index] = flip(parts[index])
    return ".".join(parts)


def raise_role(token, _key):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return ".".join([header, part({**claims, "role": "SUPER_ADMIN"}), signature])


def alg_none(token, _key):
    return ".".join([part({"alg": "none", "typ": "at+jwt"}), token.split(".")[1], ""])


def public_key_as_secret(token, key):
    """HS256 keyed with the public key: the confusion that a verifier of more than one algorithm falls for."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    raw = key.key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return jwt.encode(claims, raw, algorithm="HS256", headers={"kid": header["kid"], "typ": "at+jwt"})


@pytest.mark.parametrize("tamper", [
    pytest.param(raise_role, id="a changed claim"),
    pytest.param(lambda token, _: flip_part(token, 1), id="one changed character of the claims"),
    pytest.param(lambda token, _: flip_part(token, 2), id="one changed character of the signature"),
    pytest.param(alg_none, id="alg none"),
    pytest.param(public_key_as_secret, id="HS256 with the public key as its secret"),
])
def test_pyjwt_and_the_service_both_refuse_a_tampered_token(base, token, key, tamper):
    tampered = tamper(token, key)
    assert decode(token, key, base)
    with pytest.raises(jwt.InvalidTokenError):
        decode(tampered, key, base)
    request = urllib.request.Request(f"{base}/auth/verify", headers={"Authorization": f"Bearer {tampered}"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=30)
    assert refusal.value.code == 401


def test_another_issuer_is_refused(base, token, key):
    with pytest.raises(jwt.InvalidIssuerError):
        decode(token, key, "http://elsewhere.example")
