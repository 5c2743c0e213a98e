"""Print `passed failed skipped` of a JUnit file, as nextest, node, pytest and tests/readme/run write it."""

import sys
import xml.etree.ElementTree as ElementTree

try:
    report = ElementTree.parse(sys.argv[1])
except (OSError, ElementTree.ParseError) as error:
    raise SystemExit(f"no results of the tests: {error}") from None

passed = failed = skipped = 0
for case in report.getroot().iter("testcase"):
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
    elif case.find("skipped") is not None:
        skipped += 1
    else:
        passed += 1
print(passed, failed, skipped)
