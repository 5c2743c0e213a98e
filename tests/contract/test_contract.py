"""The running service against its own document, by tools that this project did not write."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

import pytest
from openapi_spec_validator import validate

HERE = pathlib.Path(__file__).parent
LONG = os.environ.get("LUCID_LONG") == "1"
SEED = os.environ.get("LUCID_SEED", "20261101")
EXAMPLES = 300 if LONG else 15
LIMIT_SECONDS = 1800 if LONG else 300


@pytest.fixture(scope="session")
def document(base):
    with urllib.request.urlopen(f"{base}/openapi.json", timeout=30) as reply:
        return json.load(reply)


def test_the_document_is_openapi(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


@pytest.mark.parametrize("caller", ["nobody", "USER", "NODE_OPERATOR", "ADMIN", "SUPER_ADMIN"])
def test_the_service_does_as_the_document_says(base, caller, tmp_path):
    """All of schemathesis' checks and phases: no 5xx, and nothing that is not described."""
    environment = os.environ | {
        "CONTRACT_SERVICE": base, "CONTRACT_CALLER": caller, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{base}/openapi.json", "--seed", SEED, "--max-examples", str(EXAMPLES), "--no-color"]
    print(f"{caller}: {EXAMPLES} examples an operation, LUCID_SEED={SEED}")
    done = subprocess.run(command, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, timeout=LIMIT_SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    assert done.returncode == 0
    # A caller who was not signed in would pass all the same. Erasing oneself and connecting a hardware wallet take more than a
    # token, a signature; and whoever changes others may send one along, which schemathesis cannot make.
    refused = re.search(r"^401 Unauthorized \((\d+) operations?\):", done.stdout, re.MULTILINE)
    count = int(refused[1]) if refused else 0
    takes_proof = {"nobody": 0, "USER": 2, "NODE_OPERATOR": 2, "ADMIN": 5, "SUPER_ADMIN": 7}[caller]
    assert (count > 5) if caller == "nobody" else (count <= takes_proof)
