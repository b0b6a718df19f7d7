#!/usr/bin/env python3
"""Runs the measuring programs in turns, and prints one table or JSON.

usage: table.py BUILD [--json] [--peers]

Competitors of one row run one after the other, several rounds, and a row's value is the median over the
rounds; ratios are made from figures of the same run.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = sys.argv[1]
JSON, PEERS = "--json" in sys.argv, "--peers" in sys.argv
HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 5
rows = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(name, value, unit, goal=None, met=None):
    rows.append({"name": name, "value": value, "unit": unit, "goal": goal, "met": met})


def call(*command, threads=None):
    env = dict(os.environ)
    if threads:
        env["RUNNEL_RUN_THREADS"] = str(threads)
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.strip()


def runnel(what, threads=1):
    return float(call(f"{BUILD}/bench/bench_runnel", what, threads=threads))


def products(threads):
    return min(float(call(f"{BUILD}/bench/bench_products", str(threads), how)) for how in ("openblas", "tiled"))


def peer(name, threads):
    python = f"{BUILD}/peers/bin/python"
    try:
        return json.loads(call(python, f"{HERE}/peers.py", name, str(threads)).splitlines()[-1])
    except (subprocess.CalledProcessError, ValueError, IndexError) as error:
        say(f"bench: {name} with {threads} threads failed: {error}")
        return {}


def medians(**measures):
    """Each measure once a round, all in turns."""
    got = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            got[name].append(measure())
    return {name: statistics.median(values) for name, values in got.items()}


def start_ns():
    times = []
    for _ in range(21):
        t = time.perf_counter_ns()
        subprocess.run([f"{BUILD}/bench/bench_small"], check=True)
        times.append(time.perf_counter_ns() - t)
    return statistics.median(times)


def stripped_bytes(path):
    with tempfile.NamedTemporaryFile() as copy:
        call("strip", "-o", copy.name, path)
        return os.path.getsize(copy.name)


def best_peer(peers, key):
    named = [(p[key], n) for n, p in peers.items() if key in p]
    return min(named) if named else (None, None)


def measure():
    peers = {}
    if PEERS:
        for name in ("torch", "tensorflow", "onnxruntime"):
            for threads in (1, 2):
                say(f"bench: {name}, {threads} thread(s)")
                peers[f"{name} {threads}T"] = peer(name, threads)
    say("bench: dispatch, steps")
    m = medians(dispatch=lambda: runnel("dispatch"), mlp1=lambda: runnel("mlp", 1), mlp2=lambda: runnel("mlp", 2),
                products1=lambda: products(1), products2=lambda: products(2))
    row("dispatch of one op", round(m["dispatch"], 1), "ns", "<= 50", m["dispatch"] <= 50)
    row("MLP step, 1 thread", round(m["mlp1"] / 1e6, 3), "ms")
    row("MLP step, 2 threads", round(m["mlp2"] / 1e6, 3), "ms")
    row("MLP step / its products, 1 thread", round(m["mlp1"] / m["products1"], 2), "x", "<= 1.2", m["mlp1"] / m["products1"] <= 1.2)
    row("MLP step / its products, 2 threads", round(m["mlp2"] / m["products2"], 2), "x", "<= 1.2", m["mlp2"] / m["products2"] <= 1.2)
    lenet = medians(one=lambda: runnel("lenet", 1), two=lambda: runnel("lenet", 2))
    row("LeNet step, 1 thread", round(lenet["one"] / 1e6, 1), "ms")
    row("LeNet step, 2 threads", round(lenet["two"] / 1e6, 1), "ms")
    for key, label, ours in (("mlp_ns", "MLP", m["mlp2"]), ("lenet_ns", "LeNet", lenet["two"]), ("dispatch_ns", "dispatch", m["dispatch"])):
        value, name = best_peer(peers, key)
        if value:
            goal = ">= 2" if label == "MLP" else None
            row(f"{label}: best peer ({name}) / Runnel", round(value / ours, 2), "x", goal, value / ours >= 2 if goal else None)
    say("bench: start, memory, size, large graphs")
    start = start_ns()
    row("start to first result", round(start / 1e6, 2), "ms", "<= 5", start <= 5e6)
    rss = float(call(f"{BUILD}/bench/bench_small", "rss"))
    row("memory of a small program", round(rss / 1024, 1), "MiB", "<= 12", rss <= 12 * 1024)
    size = stripped_bytes(f"{BUILD}/lib/librunnel.so")
    row("librunnel.so, stripped", size // 1000, "kB", "<= 500", size <= 500000)
    for file in sorted(os.listdir(f"{BUILD}/lib/runnel/plugins")):
        if file.endswith(".so"):
            row(f"plugin {file}, stripped", stripped_bytes(f"{BUILD}/lib/runnel/plugins/{file}") // 1000, "kB")
    allocations = runnel("allocations")
    row("allocations in a steady step", allocations, "", "0", allocations == 0)
    graphs = medians(small=lambda: runnel("graph100000"), large=lambda: runnel("graph1000000"))
    small, large = graphs["small"], graphs["large"]
    row("1,000,000 nodes / 100,000 nodes", round(large / small, 1), "x", "<= 18", large / small <= 18)
    row("build, infer and plan", round(large / 1e6 / 1e3, 2), "us a node", "<= 5", large / 1e9 <= 5)
    for name, p in peers.items():
        for key, unit, scale in (("dispatch_ns", "ns", 1), ("mlp_ns", "ms", 1e6), ("lenet_ns", "ms", 1e6), ("start_ns", "ms", 1e6), ("resident_kib", "MiB", 1024)):
            if key in p:
                row(f"peer {name} {p.get('version', '')}: {key.rsplit('_', 1)[0]}", round(p[key] / scale, 3), unit)


def print_table():
    width = max(len(r["name"]) for r in rows)
    for r in rows:
        verdict = "" if r["met"] is None else "met" if r["met"] else "MISSED"
        print(f"{r['name']:{width}}  {r['value']:>12} {r['unit']:<10} {r['goal'] or '':>8} {verdict}")


measure()
print(json.dumps({"rows": rows}, indent=1)) if JSON else print_table()
