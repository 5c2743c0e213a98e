"""What the tests of attacks and faults have tried.

figures_of_security.py print RESULTS            as a table, of all parts
figures_of_security.py write RESULTS SECURITY.md PART...
                                                into its table, in place of the rows that these parts had there

RESULTS/PART.figures.tsv has a line for each test: of what, cases and failures, with tabs between.
"""

import datetime
import pathlib
import platform
import sys

HEAD = ["| part | attack or fault | cases | failures | run on |", "|---|---|---:|---:|---|"]
OPENING, CLOSING = "<!-- figures -->\n", "<!-- /figures -->"


def tried(results, part):
    """What a part has tried, in the order of the alphabet: of what, cases, failures. What was tried in several places is added up."""
    sums = {}
    file = results / f"{part}.figures.tsv"
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        what, cases, failures = line.split("\t")
        before = sums.get(what, (0, 0))
        sums[what] = (before[0] + int(cases), before[1] + int(failures))
    return [(what, *numbers) for what, numbers in sorted(sums.items())]


def show(results):
    print(f"  {'attack or fault':<72} {'cases':>12} {'failures':>9}")
    for file in sorted(results.glob("*.figures.tsv")):
        for what, cases, failures in tried(results, file.name.split(".")[0]):
            print(f"  {what:<72} {cases:>12,} {failures:>9,}")


def write(results, document, parts, when):
    before, _, rest = document.read_text(encoding="utf-8").partition(OPENING)
    known, mark, after = rest.partition(CLOSING)
    if not mark:
        raise SystemExit(f"{document} has no place for the figures: {OPENING.strip()} and {CLOSING}")
    rows = [row for row in known.splitlines() if row.startswith("| ") and row not in HEAD]
    rows = [row for row in rows if row.split("|")[1].strip() not in parts]
    for part in parts:
        rows += [f"| {part} | {what} | {cases:,} | {failures:,} | {when} |" for what, cases, failures in tried(results, part)]
    table = "\n".join([*HEAD, *sorted(rows)]) + "\n"
    document.write_text(before + OPENING + table + CLOSING + after, encoding="utf-8")


def main():
    verb, results = sys.argv[1], pathlib.Path(sys.argv[2])
    if verb == "print":
        show(results)
    else:
        date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        write(results, pathlib.Path(sys.argv[3]), sys.argv[4:], f"{date}, {platform.machine()}")


if __name__ == "__main__":
    main()
