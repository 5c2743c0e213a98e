"""The ARM64 binary's life on one data folder. Each test is where the one before left it."""

import json
import subprocess
import urllib.request

from conftest import BINARY, PROCESSOR

# Kept over the tests: where it listens, and what a person holds who signed in.
held = {}


def call(path, body=None, token=None, context=None):
    """The JSON of an answer that is a success."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(held["url"] + path, data, headers)
    with urllib.request.urlopen(request, timeout=30, context=context) as reply:
        return json.load(reply)


def sign_in(wallet, context=None):
    """The tokens of a sign-in with a real signature."""
    message = call("/auth/challenge", {"tron_address": wallet.address}, context=context)["message"]
    return call("/auth/login", {"tron_address": wallet.address, "message": message, "signature": wallet.sign_tron(message)},
                context=context)


def test_it_is_static_and_at_home_with_pages_of_64_kib():
    headers = subprocess.run(["readelf", "--file-header", "--program-headers", "--wide", BINARY], check=True, stdout=subprocess.PIPE,
                             text=True, env={"LC_ALL": "C", "PATH": "/usr/bin"}).stdout
    assert "AArch64" in headers and "INTERP" not in headers
    assert {line.split()[-1] for line in headers.splitlines() if line.split()[:1] == ["LOAD"]} == {"0x10000"}
    # The emulator is more forgiving than a kernel, which is why the headers are asked first.
    for size in ("4096", "65536"):
        subprocess.run([*PROCESSOR[:-1], size, BINARY, "--version"], check=True, stdout=subprocess.DEVNULL)


def test_a_wallet_signs_in(pi, wallet):
    held["url"] = pi.start()
    assert call("/health")["status"] == "healthy"
    held["tokens"] = sign_in(wallet)
    assert call("/auth/verify", token=held["tokens"]["access_token"])["tron_address"] == wallet.address


def test_a_session_outlives_the_power(pi, wallet):
    pi.kill()
    held["url"] = pi.start()
    assert call("/auth/verify", token=held["tokens"]["access_token"])["tron_address"] == wallet.address
    held["tokens"] = call("/auth/refresh", {"refresh_token": held["tokens"]["refresh_token"]})
    assert call("/auth/verify", token=held["tokens"]["access_token"])["valid"]


def test_a_wallet_signs_in_over_tls(pi, wallet, certificate):
    assert pi.stop() == 0
    certificate, key, context = certificate
    held["url"] = pi.start(TLS_CERT_FILE=str(certificate), TLS_KEY_FILE=str(key))
    assert held["url"].startswith("https://")
    tokens = sign_in(wallet, context)
    assert call("/auth/verify", token=tokens["access_token"], context=context)["tron_address"] == wallet.address
    assert wallet.address in pi.command("user", "list")


def test_the_database_is_sound(pi):
    pi.kill()
    assert pi.command("check")
    assert pi.command("audit", "verify")
