"""Write what the tests of attacks and faults have tried into SECURITY.md: FIGURES SECURITY.md [DATE]"""

import datetime
import pathlib
import platform
import sys


def table(lines):
    """Lines of what, cases and failures, with tabs between, as one table. What was tried in several places is added up."""
    tried = {}
    for what, cases, failures in (line.split("\t") for line in lines):
        before = tried.get(what, (0, 0))
        tried[what] = (before[0] + int(cases), before[1] + int(failures))
    rows = [f"| {what} | {cases:,} | {failures:,} |" for what, (cases, failures) in sorted(tried.items())]
    return "\n".join(["| attack or fault | cases | failures |", "|---|---:|---:|", *rows])


def main():
    figures, document = map(pathlib.Path, sys.argv[1:3])
    date = sys.argv[3] if len(sys.argv) > 3 else datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    opening, closing = "<!-- figures -->\n", "<!-- /figures -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(opening)
    _, mark, after = rest.partition(closing)
    if not mark:
        raise SystemExit(f"{document} has no place for the figures: {opening.strip()} and {closing}")
    lines = figures.read_text(encoding="utf-8").splitlines()
    part = f"On {date}, on {platform.machine()}:\n\n{table(lines)}\n"
    document.write_text(before + opening + part + closing + after, encoding="utf-8")


if __name__ == "__main__":
    main()
