#!/usr/bin/env python3
"""Draw where the service's processor time goes while people sign in: benches/flame.py [WHAT] [SECONDS].

Builds the service with the names of its functions, has the load bench ask it for WHAT (login, if none is named), looks with
`perf record` for SECONDS (20), and writes target/bench/flame-WHAT.svg: a row for each call, wide as the time spent in it and
below it. Prints which functions themselves take the most.
"""

import html
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

WHAT = sys.argv[1] if len(sys.argv) > 1 else "login"
SECONDS = sys.argv[2] if len(sys.argv) > 2 else "20"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
WIDTH, HEIGHT = 1400, 17


def build():
    """The two programs: the service with names, the bench as it is."""
    service = os.environ.get("LUCID_AUTH_BIN")
    if service is None:
        subprocess.run(["cargo", "build", "--locked", "--profile", "profiling", "--bin", "lucid-auth"], check=True)
        service = TARGET / "profiling" / "lucid-auth"
    bench = os.environ.get("LUCID_BENCH_BIN")
    if bench is None:
        command = ["cargo", "bench", "--locked", "--bench", "load", "--no-run"]
        said = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
        bench = re.findall(r"Executable .*\((.*)\)", said)[-1]
    return Path(service).resolve(), Path(bench).resolve()


def serving(bench):
    """The service that the bench has started, once the table of figures has begun."""
    while bench.poll() is None:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = stat.read_text().rsplit(") ", 1)
            except OSError:
                continue
            if int(rest.split()[1]) == bench.pid and name.endswith("(lucid-auth"):
                return stat.parent.name
        time.sleep(0.05)
    raise SystemExit("the bench ended before the service began")


def stacks(data):
    """Each stack, outermost call first, and how often it was seen."""
    script = subprocess.Popen(
        ["perf", "script", "--input", data, "--fields", "comm,ip,sym"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    counts, thread, calls = Counter(), None, []
    for line in script.stdout:
        line = line.rstrip()
        if not line:
            if thread and calls:
                counts[(thread, *reversed(calls))] += 1
            thread, calls = None, []
        elif not line.startswith((" ", "\t")) or thread is None:
            thread = line.strip()
        else:
            name = line.split(maxsplit=1)[-1]
            calls.append(re.sub(r"::h[0-9a-f]{16}$|\+0x[0-9a-f]+$", "", name))
    return counts


def draw(counts):
    """An SVG of it."""
    total, boxes, depth = sum(counts.values()), [], 0
    def place(level, start, rows):
        nonlocal depth
        depth = max(depth, level)
        groups = {}
        for stack, count in rows:
            if len(stack) > level:
                groups.setdefault(stack[level], []).append((stack, count))
        for name, group in sorted(groups.items()):
            width = sum(count for _, count in group)
            if width / total >= 0.001:
                boxes.append((level, start, width, name))
                place(level + 1, start, group)
            start += width
    sys.setrecursionlimit(10_000)
    place(0, 0, list(counts.items()))
    height = (depth + 1) * HEIGHT + 40
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="18" font-size="14">{html.escape(WHAT)}: processor time of the service, {total} samples</text>',
    ]
    for level, start, width, name in boxes:
        x, wide = start / total * WIDTH, width / total * WIDTH
        ours = "lucid_auth" in name
        y = height - (level + 1) * HEIGHT - 8
        label = html.escape(name[: max(0, int(wide / 6.7) - 1)])
        svg.append(
            f'<g><title>{html.escape(name)}: {width / total:.1%}</title>'
            f'<rect x="{x:.1f}" y="{y}" width="{max(wide - 0.5, 0.3):.1f}" height="{HEIGHT - 1}" fill="{"#8fbf7f" if ours else "#f0b27a"}"/>'
            f'<text x="{x + 2:.1f}" y="{y + 12}">{label}</text></g>'
        )
    return "\n".join([*svg, "</svg>\n"])


def main():
    """Measure and draw."""
    service, bench = build()
    environment = os.environ | {
        "LUCID_AUTH_BIN": str(service), "LUCID_BENCH_USERS": "1000", "LUCID_BENCH_CONNECTIONS": "32",
    }
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        running = subprocess.Popen([bench, WHAT], env=environment, stderr=subprocess.PIPE, text=True)
        pid = serving(running)
        # The first sign-ins make the accounts.
        running.stderr.readline()
        subprocess.run(
            ["perf", "record", "--quiet", "--freq", "299", "--call-graph", "dwarf,16384", "--output", data, "--pid", pid,
             "--", "sleep", SECONDS], check=False,
        )
        running.communicate()
        counts = stacks(data)
    if not counts:
        raise SystemExit("perf saw nothing: does it work on this machine?")
    (TARGET / "bench").mkdir(parents=True, exist_ok=True)
    (TARGET / "bench" / f"flame-{WHAT}.svg").write_text(draw(counts))
    total, alone = sum(counts.values()), Counter()
    for stack, count in counts.items():
        alone[stack[-1]] += count
    for name, count in alone.most_common(40):
        print(f"{count / total:6.1%}  {name}")


if __name__ == "__main__":
    main()
