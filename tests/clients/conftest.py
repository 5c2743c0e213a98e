"""What the tests of other implementations share."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from service import Wallet, base  # noqa: E402, F401


@pytest.fixture
def wallet():
    return Wallet()


@pytest.fixture
def token(base, wallet):
    """A fresh access token."""
    return wallet.sign_in(base, "tron")["access_token"]
