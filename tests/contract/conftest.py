"""The service under test, as the tests of other implementations start it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from service import base  # noqa: E402, F401
