#!/usr/bin/env python3
"""Measures a device beside the CPU in the same run, and prints one table or JSON.

usage: device.py BUILD --device DEVICE [--json] [WHAT...]

WHAT is one or more of products, convolutions, steps, bytes; all of them otherwise. Each group of figures is measured on
the device and then on the CPU; the ratio is above 1 where the device is better.
"""
import json
import os
import subprocess
import sys

GROUPS = ("products", "convolutions", "steps", "bytes")


def measure(build, device, group):
    """{name: (value, unit)}; what fails is said, and missing."""
    env = dict(os.environ, RUNNEL_PLUGIN_PATH=os.environ.get("RUNNEL_PLUGIN_PATH", f"{build}/lib/runnel/plugins"))
    done = subprocess.run([f"{build}/bench/bench_device", device, group], capture_output=True, text=True, env=env)
    if done.returncode != 0:
        print(f"bench: {group} on {device}: {done.stderr.strip() or done.returncode}", file=sys.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {r["name"]: (r["value"], r["unit"]) for r in found}


def rows_of(build, device, groups):
    rows = []
    for group in groups:
        print(f"bench: {group}", file=sys.stderr, flush=True)
        ours, cpu = measure(build, device, group), measure(build, "cpu", group)
        for name, (value, unit) in ours.items():
            other = cpu.get(name, (None, unit))[0]
            ratio = None if other is None or not unit else other / value if unit == "ms" else value / other
            rows.append({"name": name, "device": device, "value": value, "unit": unit, "cpu": other,
                         "ratio": None if ratio is None else round(ratio, 3)})
    return rows


def print_table(device, rows):
    width = max([len(r["name"]) for r in rows] + [4])
    print(f"{'':{width}}  {device:>12} {'cpu':>10} {'unit':<8} {'device / cpu':>12}")
    for r in rows:
        cpu = "" if r["cpu"] is None else f"{r['cpu']:.4g}"
        ratio = "" if r["ratio"] is None else f"{r['ratio']:.3g} x"
        print(f"{r['name']:{width}}  {r['value']:>12.4g} {cpu:>10} {r['unit']:<8} {ratio:>12}")


def main():
    build, words = sys.argv[1], sys.argv[2:]
    at = words.index("--device")
    if at + 1 >= len(words):
        sys.exit("usage: ./dev bench --device DEVICE [--json] [products] [convolutions] [steps] [bytes]")
    device = words[at + 1]
    asked = [w for w in words[:at] + words[at + 2:] if not w.startswith("--")]
    unknown = [w for w in asked if w not in GROUPS]
    if unknown:
        sys.exit(f"bench: '{unknown[0]}' is not one of {', '.join(GROUPS)}")
    rows = rows_of(build, device, asked or GROUPS)
    if not rows:
        sys.exit(f"bench: nothing could be measured on '{device}'")
    print(json.dumps({"rows": rows}, indent=1)) if "--json" in words else print_table(device, rows)


if __name__ == "__main__":
    main()
