#!/usr/bin/env python3
"""PyTorch's figures for what bench_device measures, on one of its devices: a JSON object per line.

usage: torch_bench.py DEVICE [products] [convolutions] [steps]      with DEVICE as in "cuda:0", "mps" or "cpu"

Products are torch.mm in float, which on an NVIDIA GPU is cuBLAS; TF32 is off everywhere, and cuDNN may choose its
algorithms by trying them. Steps are run as written and, where that is to be had, as a captured CUDA graph: the better
one counts.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

DEVICE = sys.argv[1]
WANTED = sys.argv[2:] or ["products", "convolutions", "steps"]
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True


def wait():
    if DEVICE.startswith("cuda"):
        torch.cuda.synchronize()
    elif DEVICE.startswith("mps"):
        torch.mps.synchronize()


def median_ns(run, seconds=1.0, least=3):
    for _ in range(3):
        run()
    wait()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        t = time.perf_counter_ns()
        run()
        wait()
        times.append(time.perf_counter_ns() - t)
    return statistics.median(times)


def say(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit}), flush=True)


def products():
    for n in (256, 512, 1024, 2048):
        links = 8 if n <= 512 else 2
        a, b = torch.randn(n, n, device=DEVICE), torch.randn(n, n, device=DEVICE) / n ** 0.5

        def chain():
            y = a
            for _ in range(links):
                y = torch.mm(y, b)
            return y

        say(f"product {n}^3", 2 * n ** 3 * links / median_ns(chain), "GFLOP/s")


def convolutions():
    for name, x, f in (("5x5, 1 to 32", (50, 28, 28, 1), (5, 5, 1, 32)), ("5x5, 32 to 64", (50, 14, 14, 32), (5, 5, 32, 64)),
                       ("3x3, 64 to 64", (16, 56, 56, 64), (3, 3, 64, 64))):
        work = 2 * x[0] * x[1] * x[2] * f[0] * f[1] * f[2] * f[3]
        image = torch.randn(x[0], x[3], x[1], x[2], device=DEVICE)
        kernel = torch.randn(f[3], f[2], f[0], f[1], device=DEVICE)
        dy = torch.randn(x[0], f[3], x[1], x[2], device=DEVICE)
        pad = f[0] // 2
        say(f"convolution {name}", work / median_ns(lambda: F.conv2d(image, kernel, padding=pad)), "GFLOP/s")
        back = torch.nn.grad
        say(f"convolution {name}, to input",
            work / median_ns(lambda: back.conv2d_input(image.shape, kernel, dy, padding=pad)), "GFLOP/s")
        say(f"convolution {name}, to filter",
            work / median_ns(lambda: back.conv2d_weight(image, kernel.shape, dy, padding=pad)), "GFLOP/s")


def captured(step):
    """The step as one CUDA graph, or None."""
    if not DEVICE.startswith("cuda"):
        return None
    try:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        return graph.replay
    except RuntimeError as error:
        print(f"torch: no CUDA graph of the step: {error}", file=sys.stderr)
        return None


def steps():
    mlp = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 10))
    lenet = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10))
    for name, model, shape in (("MLP", mlp, (100, 784)), ("LeNet", lenet, (50, 1, 28, 28))):
        model = model.to(DEVICE)
        fed, labels = torch.rand(*shape), torch.arange(shape[0]) % 10
        x, y = fed.to(DEVICE), labels.to(DEVICE)
        params = list(model.parameters())
        for p in params:
            p.grad = torch.zeros_like(p)

        def step():
            for p in params:
                p.grad.zero_()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            with torch.no_grad():
                torch._foreach_add_(params, [p.grad for p in params], alpha=-0.01)

        def with_feeds(run):
            def whole():  # the batch comes from the host in each step, as it does in Runnel
                x.copy_(fed)
                y.copy_(labels)
                run()
            return whole

        best = median_ns(with_feeds(step), 2.0)
        replay = captured(step)
        if replay is not None:
            best = min(best, median_ns(with_feeds(replay), 2.0))
        say(f"{name} step", best / 1e6, "ms")


for what in WANTED:
    {"products": products, "convolutions": convolutions, "steps": steps}[what]()
