#!/usr/bin/env python3
"""Runnel on a Vulkan device beside PyTorch (and so cuBLAS and cuDNN) on the same GPU: one table, or JSON.

usage: compare.py BUILD [--device vulkan:0] [--torch cuda:0] [--python PYTHON] [--json]

A part that is missing is left out, and it is said which and why.
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = ("products", "convolutions", "steps", "bytes")


def run(command, what, env=None):
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    except OSError as error:
        print(f"skipped: {what}: {error}", file=sys.stderr)
        return {}
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        print(f"skipped: {what}: {lines[-1] if lines else done.returncode}", file=sys.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {r["name"]: (r["value"], r["unit"]) for r in found}


def torch_device(python, wanted):
    """What PyTorch has here, or None with the reason said."""
    if wanted:
        return wanted
    code = ("import torch; print('cuda:0' if torch.cuda.is_available() else 'mps' if torch.backends.mps.is_available() "
            "else 'none')")
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    except OSError as error:
        print(f"skipped: PyTorch: {error}", file=sys.stderr)
        return None
    if done.returncode != 0:
        print(f"skipped: PyTorch: {python} has no torch (pip install torch)", file=sys.stderr)
        return None
    if done.stdout.strip() == "none":
        print("skipped: PyTorch: it sees no GPU here; --torch cpu compares with its CPU kernels", file=sys.stderr)
        return None
    return done.stdout.strip()


def ratio(ours, other):
    value, unit = ours
    return None if other is None or not unit else round(other / value if unit == "ms" else value / other, 3)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--device", default="vulkan:0")
    a.add_argument("--torch", default="")
    a.add_argument("--python", default=sys.executable)
    a.add_argument("--json", action="store_true")
    a = a.parse_args()
    env = dict(os.environ, RUNNEL_PLUGIN_PATH=os.environ.get("RUNNEL_PLUGIN_PATH", f"{a.build}/lib/runnel/plugins"))
    where = torch_device(a.python, a.torch)
    rows = []
    for group in GROUPS:
        print(f"bench: {group}", file=sys.stderr, flush=True)
        ours = run([f"{a.build}/bench/bench_device", a.device, group], f"{group} on {a.device}", env)
        theirs = {}
        if where and group != "bytes":
            theirs = run([a.python, f"{HERE}/torch_bench.py", where, group], f"{group} in PyTorch on {where}")
        for name, (value, unit) in ours.items():
            other = theirs.get(name, (None, unit))[0]
            rows.append({"name": name, "runnel": value, "unit": unit, "torch": other, "ratio": ratio((value, unit), other)})
    if not rows:
        sys.exit(f"compare: nothing could be measured on '{a.device}'; is it in `runnel devices`?")
    if a.json:
        print(json.dumps({"device": a.device, "torch": where, "rows": rows}, indent=1))
        return
    width = max(len(r["name"]) for r in rows)
    print(f"{'':{width}}  {a.device:>12} {'torch ' + (where or '-'):>14} {'unit':<8} {'ratio':>8}")
    for r in rows:
        other = "" if r["torch"] is None else f"{r['torch']:.4g}"
        times = "" if r["ratio"] is None else f"{r['ratio']:.3g} x"
        print(f"{r['name']:{width}}  {r['runnel']:>12.4g} {other:>14} {r['unit']:<8} {times:>8}")


if __name__ == "__main__":
    main()
