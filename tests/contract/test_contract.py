"""The running service against its own document, by tools that this project did not write."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from openapi_spec_validator import validate

HERE = pathlib.Path(__file__).parent
LONG = os.environ.get("LUCID_LONG") == "1"
SEED = os.environ.get("LUCID_SEED", "20261101")
EXAMPLES = 300 if LONG else 15
LIMIT_SECONDS = 1800 if LONG else 300
# Who calls, and how many operations still answer 401 to them: erasing oneself and connecting a hardware wallet take more than a
# token, a signature; and whoever changes others may send one along, which schemathesis cannot make.
CALLERS = {"nobody": None, "USER": 2, "NODE_OPERATOR": 2, "ADMIN": 5, "SUPER_ADMIN": 7}


@pytest.fixture(scope="session")
def document(base):
    with urllib.request.urlopen(f"{base}/openapi.json", timeout=30) as reply:
        return json.load(reply)


def test_the_document_is_openapi(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def schemathesis(base, caller, folder):
    """All of schemathesis' checks and phases: no 5xx, and nothing that is not described."""
    environment = os.environ | {
        "CONTRACT_SERVICE": base, "CONTRACT_CALLER": caller, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{base}/openapi.json", "--seed", SEED, "--max-examples", str(EXAMPLES), "--no-color"]
    return subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, timeout=LIMIT_SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="session")
def runs(base, tmp_path_factory):
    """A run of schemathesis for each caller, as many at a time as there are processors: each of them keeps one busy."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {caller: pool.submit(schemathesis, base, caller, tmp_path_factory.mktemp(caller)) for caller in CALLERS}


@pytest.mark.parametrize("caller", CALLERS)
def test_the_service_does_as_the_document_says(runs, caller):
    print(f"{caller}: {EXAMPLES} examples an operation, LUCID_SEED={SEED}")
    done = runs[caller].result()
    print(done.stdout)
    assert done.returncode == 0
    # A caller who was not signed in would pass all the same.
    refused = re.search(r"^401 Unauthorized \((\d+) operations?\):", done.stdout, re.MULTILINE)
    count = int(refused[1]) if refused else 0
    takes_proof = CALLERS[caller]
    assert (count > 5) if takes_proof is None else (count <= takes_proof)
