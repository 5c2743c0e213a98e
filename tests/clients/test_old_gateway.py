"""The calls of the gateway that was here before this service, as its code makes them."""

import json
import urllib.error
import urllib.request

import jwt
import pytest
from eth_account import Account

from service import command

# What the gateway reads of a token, all of it.
READ = ["user_id", "tron_address", "role", "type", "sub", "sid", "jti", "iss"]


def call(base, path, body=None, token=None):
    """`(status, body)`, whatever the status."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{base}{path}", data, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


@pytest.fixture
def login(base, wallet):
    """The reply to the gateway's login."""
    _, challenge = call(base, "/api/v1/auth/challenge", {"tron_address": wallet.address})
    status, reply = call(base, "/api/v1/auth/login", {
        "tron_address": wallet.address,
        "message": challenge["message"],
        "signature": wallet.sign_tron(challenge["message"]),
    })
    assert status == 200, reply
    return reply


@pytest.fixture
def pem(base):
    """The public key, as an operator hands it to the gateway."""
    return command("key", "pem")


def test_a_login_gives_what_the_gateway_reads(login, wallet):
    assert login["token_type"] == "Bearer"
    assert login["expires_in"] == 900
    assert login["user"]["tron_address"] == wallet.address
    assert all(isinstance(login[name], str) for name in ["access_token", "refresh_token"])


def test_verify_takes_the_token_in_the_body(base, login, wallet):
    status, body = call(base, "/auth/verify", {"token": login["access_token"]})
    assert status == 200
    assert body["valid"] is True
    assert body["user_id"] == login["user"]["user_id"]
    assert body["tron_address"] == wallet.address
    assert body["role"] == "USER"


def test_refresh_takes_the_token_in_the_body_and_the_next_pair_works(base, login):
    status, pair = call(base, "/auth/refresh", {"refresh_token": login["refresh_token"]})
    assert status == 200
    assert pair["refresh_token"] != login["refresh_token"]
    assert call(base, "/auth/verify", {"token": pair["access_token"]})[0] == 200
    assert call(base, "/auth/refresh", {"refresh_token": pair["refresh_token"]})[0] == 200


def by_another_key(token):
    """The same header and claims, signed by a key that is not the service's."""
    other = jwt.algorithms.Ed25519PrivateKey.generate()
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, other, algorithm="EdDSA", headers=jwt.get_unverified_header(token))


@pytest.mark.parametrize("make_body, code", [
    pytest.param(lambda _: None, "LUCID_AUTH_1013", id="no token"),
    pytest.param(lambda _: {"token": ""}, "LUCID_AUTH_1014", id="an empty token"),
    pytest.param(lambda _: {"token": "not.a.token"}, "LUCID_AUTH_1014", id="a bad token"),
    pytest.param(lambda token: {"token": by_another_key(token)}, "LUCID_AUTH_1014", id="a bad signature"),
])
def test_a_token_that_is_refused_says_so_where_the_gateway_reads(base, login, make_body, code):
    status, body = call(base, "/auth/verify", make_body(login["access_token"]))
    assert status == 401
    assert body["error"]["code"] == code
    assert body["error"]["message"]


def test_a_session_that_was_ended_says_so_where_the_gateway_reads(base, login):
    assert call(base, "/auth/logout", {}, login["access_token"])[0] == 200
    for path, sent, code in [
        ("/auth/verify", {"token": login["access_token"]}, "LUCID_AUTH_1015"),
        ("/auth/refresh", {"refresh_token": login["refresh_token"]}, "LUCID_AUTH_1015"),
    ]:
        status, body = call(base, path, sent)
        assert status == 401, path
        assert body["error"]["code"] == code, path
        assert body["error"]["message"], path


def test_a_login_by_another_key_says_so_where_the_gateway_reads(base, wallet):
    _, challenge = call(base, "/api/v1/auth/challenge", {"tron_address": wallet.address})
    wallet.account = Account.create()
    status, body = call(base, "/api/v1/auth/login", {
        "tron_address": wallet.address,
        "message": challenge["message"],
        "signature": wallet.sign_tron(challenge["message"]),
    })
    assert status == 401
    assert body["error"]["code"] == "LUCID_AUTH_1001"
    assert body["error"]["message"]


def test_the_pem_decodes_a_token_without_audience_or_issuer(base, login, wallet, pem):
    claims = jwt.decode(login["access_token"], pem, algorithms=["EdDSA"])
    assert [name for name in READ if not isinstance(claims.get(name), str)] == []
    assert claims["sub"] == claims["user_id"] == login["user"]["user_id"]
    assert claims["tron_address"] == wallet.address
    assert (claims["role"], claims["type"], claims["iss"]) == ("USER", "access", base)
    assert claims["sid"] == login["session_id"]
    assert "aud" not in claims


def test_the_pem_is_the_key_of_the_jwks(base, login, pem):
    key = jwt.PyJWKClient(f"{base}/.well-known/jwks.json").get_signing_key_from_jwt(login["access_token"])
    assert jwt.algorithms.OKPAlgorithm().prepare_key(pem) == key.key


def test_the_pem_refuses_a_token_of_another_key(login, pem):
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(by_another_key(login["access_token"]), pem, algorithms=["EdDSA"])
