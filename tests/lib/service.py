"""The binary under test on a port and a data folder of its own, and a wallet that signs in to it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import urllib.request
from hashlib import sha256

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import keccak

ROOT = pathlib.Path(__file__).parents[2]
BINARY = os.environ.get("LUCID_AUTH_BIN", str(ROOT / "target/release/lucid-auth"))
START_LIMIT_SECONDS = 20
STOP_LIMIT_SECONDS = 15

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.fixture(scope="session")
def base():
    """The address of a running service. Its end must be a clean one."""
    with tempfile.TemporaryDirectory(prefix="lucid-auth-test-") as data_dir:
        # Only these settings: none of the developer's own reaches it.
        environment = {"PATH": os.environ["PATH"], "HOME": data_dir,
                       "METRICS_ENABLED": "false", "RATE_LIMIT_ENABLED": "false", "MAX_LOGIN_ATTEMPTS": "1000"}
        process = subprocess.Popen(
            [BINARY, "serve", "--bind", "127.0.0.1", "--port", "0", "--data-dir", data_dir],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        killer = threading.Timer(START_LIMIT_SECONDS, process.kill)
        killer.start()
        said = []
        try:
            url = None
            for line in process.stdout:
                said.append(line)
                if found := re.search(r"http://localhost:\d+", line):
                    url = found[0]
                    break
            killer.cancel()
            os.environ["LUCID_TEST_DATA"] = data_dir
            assert url, f"{BINARY} printed no address:\n{''.join(said)}"
            # The log goes on and must be read, or the service would wait for a reader.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield url
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_LIMIT_SECONDS) == 0
        finally:
            killer.cancel()
            process.kill()
            process.wait()


def command(*arguments):
    """What a command of the binary prints, run on the data of the service that runs."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": os.environ["LUCID_TEST_DATA"]}
    done = subprocess.run([BINARY, *arguments], env=environment, check=True, timeout=30, stdout=subprocess.PIPE, text=True)
    return done.stdout


def post(url, body):
    """POST a JSON body; the reply's, parsed. An answer that is no success is an `HTTPError`."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def base58check(address):
    """The TRON address of these 20 bytes."""
    raw = b"\x41" + address
    raw += sha256(sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return text


class Wallet:
    """A key pair of eth-account's, with the TRON address of the same key."""

    def __init__(self):
        self.account = Account.create()
        self.address = base58check(bytes.fromhex(self.account.address[2:]))

    def sign_tron(self, message):
        """As a Ledger answers: no `0x`, and v 0 or 1."""
        text = message.encode()
        digest = keccak(b"\x19TRON Signed Message:\n" + str(len(text)).encode() + text)
        signed = self.account.unsafe_sign_hash(digest)
        return (signed.signature[:64] + bytes([signed.v - 27])).hex()

    def sign_ethereum(self, message):
        """As MetaMask answers `personal_sign`."""
        return "0x" + bytes(self.account.sign_message(encode_defunct(text=message)).signature).hex()

    def sign_in(self, base, wallet_type):
        """The login's reply."""
        challenge = post(f"{base}/auth/challenge", {"tron_address": self.address, "wallet_type": wallet_type})
        sign = {"tron-v2": self.sign_tron, "eip191": self.sign_ethereum}[challenge["scheme"]]
        message = challenge["message"]
        return post(f"{base}/auth/login",
                    {"tron_address": self.address, "message": message, "signature": sign(message)})
