"""Print `passed failed skipped` of a JUnit file, as nextest, node, pytest and tests/readme/run write it."""

import re
import sys
import xml.etree.ElementTree as ElementTree

try:
    with open(sys.argv[1], "rb") as file:
        # A message of a failed test may hold what colours a terminal, which XML cannot.
        report = ElementTree.fromstring(re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", file.read()))
except (OSError, ElementTree.ParseError) as error:
    raise SystemExit(f"no results of the tests: {error}") from None

passed = failed = skipped = 0
for case in report.iter("testcase"):
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
    elif case.find("skipped") is not None:
        skipped += 1
    else:
        passed += 1
print(passed, failed, skipped)
