"""What schemathesis cannot know: how to make what our formats name, and how to sign in."""

import os
import pathlib
import re
import sys
from hashlib import sha256

import schemathesis
from hypothesis import strategies

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from service import Wallet, base58check, command  # noqa: E402

schemathesis.openapi.format("tron-address", strategies.binary(min_size=20, max_size=20).map(base58check))
schemathesis.openapi.format("display-name", strategies.text(
    strategies.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=64))
schemathesis.openapi.format("mail-address", strategies.from_regex(
    r"[a-z0-9+.]{1,20}@([a-z0-9]{1,9}\.){1,3}[a-z]{2,9}", fullmatch=True))
# A host of a pattern may be none: these are, and 403 tells that they are not allowed.
RETURN_ADDRESS = re.compile(
    r"https?://([a-z0-9]{1,9}\.){1,3}[a-z]{2,9}(:[1-9][0-9]{1,3})?(/[a-z0-9][a-z0-9/?&=%#.-]{0,40})?")
schemathesis.openapi.format("return-address", strategies.from_regex(RETURN_ADDRESS, fullmatch=True))

ADDRESS = re.compile("T[1-9A-HJ-NP-Za-km-z]{33}")


@schemathesis.hook
def map_case(context, case):
    """An address that is made from the pattern alone has a wrong checksum: put one in its place that has a right one. A
    cursor is only what a page before gave: leave it out."""
    if case.meta and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE and case.query:
        case.query.pop("cursor", None)
    if case.meta and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE:
        mend_addresses(case.body)
    return case


def mend_addresses(body):
    """Do so in an object and in those inside it."""
    if not isinstance(body, dict):
        return
    for name, value in body.items():
        if isinstance(value, str) and ADDRESS.fullmatch(value):
            body[name] = base58check(sha256(value.encode()).digest()[:20])
        elif name == "return_to" and isinstance(value, str) and not RETURN_ADDRESS.fullmatch(value):
            body[name] = "https://app.example.org/"
        mend_addresses(value)


SERVICE = os.environ["CONTRACT_SERVICE"]
# Whoever uses one of these is signed out by it.
ENDS_SESSION = {"signOut", "endSession", "endAllSessions", "eraseMe"}

CALLER = os.environ["CONTRACT_CALLER"]

if CALLER != "nobody":
    session = {}

    # Never cached by schemathesis: only we know when it ended.
    @schemathesis.auth(refresh_interval=None)
    class Caller:
        def get(self, case, context):
            if "token" not in session:
                wallet = Wallet()
                session["token"] = wallet.sign_in(SERVICE, "tron")["access_token"]
                # On the machine, not over HTTP: whoever gave out roles there could be locked by what is tried here.
                command("user", "set-role", wallet.address, CALLER)
            return session["token"]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"

    @schemathesis.hook
    def after_call(context, case, response):
        if response.status_code == 401 or case.operation.definition.raw["operationId"] in ENDS_SESSION:
            session.clear()
