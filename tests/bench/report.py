#!/usr/bin/env python3
"""Makes docs/benchmarks.md from the JSON of `./dev bench --json --peers`.

usage: report.py BENCH.json > docs/benchmarks.md
"""
import json
import os
import platform
import sys


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(rows, header):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for r in rows:
        verdict = "" if r["met"] is None else "met" if r["met"] else "**missed**"
        cells = [r["name"], f"{r['value']} {r['unit']}".strip()]
        if len(header) > 2:
            cells += [r["goal"] or "", verdict]
        print("| " + " | ".join(cells) + " |")


with open(sys.argv[1], encoding="utf-8") as source:
    rows = json.load(source)["rows"]
ours = [r for r in rows if not r["name"].startswith("peer ")]
peers = [r for r in rows if r["name"].startswith("peer ")]
print(f"""# Benchmarks

Made by `tests/bench/report.py` from `./dev bench --json --peers`. Medians; competitors in one run;
{processor()}, {os.cpu_count()} processors. What each row measures is in `tests/bench/README.md`.
""")
table([r for r in ours if r["goal"]], ["goal row", "measured", "goal", ""])
print()
table([r for r in ours if not r["goal"]], ["more", "measured"])
if peers:
    print("\n## The peers in the same run\n")
    table(peers, ["peer", "measured"])
