#!/usr/bin/env python3
"""Measures the peers on Runnel's benchmark networks and prints one JSON object.

usage: peers.py PEER THREADS   with PEER one of tensorflow, torch, onnxruntime.
Values are medians in nanoseconds; a network a peer cannot train is left out.
"""
import json
import os
import resource
import statistics
import sys
import time

PEER, THREADS = sys.argv[1], int(sys.argv[2])
START = time.perf_counter_ns()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def median_ns(step, seconds=2.0, warm=5):
    for _ in range(warm):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        t = time.perf_counter_ns()
        step()
        times.append(time.perf_counter_ns() - t)
    return statistics.median(times)


def run_torch():
    import numpy as np
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    torch.set_num_threads(THREADS)
    first = torch.ones(2) + torch.ones(2)
    out = {"start_ns": time.perf_counter_ns() - START, "version": torch.__version__}
    assert float(first[0]) == 2.0

    @torch.jit.script
    def chain(x):
        for _ in range(1000):
            x = x + 1.0
        return x

    with torch.no_grad():
        x = torch.zeros(4)
        out["dispatch_ns"] = median_ns(lambda: chain(x)) / 1000

    def train(model, batch, shape):
        x = torch.from_numpy(np.random.rand(batch, *shape).astype("float32"))
        y = torch.from_numpy(np.random.randint(0, 10, batch))
        params = list(model.parameters())

        def step():
            for p in params:
                p.grad = None
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                torch._foreach_add_(params, [p.grad for p in params], alpha=-0.01)

        return median_ns(step)

    mlp = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 10))
    out["mlp_ns"] = train(mlp, 100, (784,))
    lenet = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10))
    out["lenet_ns"] = train(lenet, 50, (1, 28, 28))
    return out


def run_tensorflow():
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    v1 = tf.compat.v1
    v1.disable_eager_execution()
    out = {"version": tf.__version__}
    with tf.Graph().as_default(), v1.Session() as s:
        s.run(tf.constant([1.0, 1.0]) + 1.0)
        out["start_ns"] = time.perf_counter_ns() - START
    options = v1.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
    options.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Graph().as_default(), v1.Session(config=options) as s:
        x = v1.placeholder(tf.float32, [4])
        y = x
        for _ in range(1000):
            y = y + 1.0
        run = s.make_callable(y, [x])
        zeros = np.zeros(4, "float32")
        out["dispatch_ns"] = median_ns(lambda: run(zeros)) / 1000
    options = v1.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)

    def train(net, batch, shape):
        with tf.Graph().as_default(), v1.Session(config=options) as s:
            x = v1.placeholder(tf.float32, [batch] + shape)
            y = v1.placeholder(tf.int32, [batch])
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=net(x)))
            op = v1.train.GradientDescentOptimizer(0.01).minimize(loss)
            s.run(v1.global_variables_initializer())
            run = s.make_callable([op, loss], [x, y])
            images = np.random.rand(batch, *shape).astype("float32")
            labels = np.random.randint(0, 10, batch).astype("int32")
            return median_ns(lambda: run(images, labels))

    def weights(shape):
        return v1.Variable(tf.random.truncated_normal(shape, stddev=0.05))

    def dense(x, n_in, n_out):
        return tf.matmul(x, weights([n_in, n_out])) + v1.Variable(tf.zeros([n_out]))

    def mlp(x):
        return dense(tf.nn.relu(dense(tf.nn.relu(dense(x, 784, 128)), 128, 32)), 32, 10)

    def conv(x, n_in, n_out):
        y = tf.nn.conv2d(x, weights([5, 5, n_in, n_out]), 1, "SAME") + v1.Variable(tf.zeros([n_out]))
        return tf.nn.max_pool2d(tf.nn.relu(y), 2, 2, "SAME")

    def lenet(x):
        y = tf.reshape(conv(conv(x, 1, 32), 32, 64), [-1, 3136])
        return dense(v1.nn.dropout(tf.nn.relu(dense(y, 3136, 1024)), rate=0.5), 1024, 10)

    out["mlp_ns"] = train(mlp, 100, [784])
    out["lenet_ns"] = train(lenet, 50, [28, 28, 1])
    return out


def run_onnxruntime():
    import numpy as np
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper

    nodes = [helper.make_node("Add", [f"x{i}", "one"], [f"x{i + 1}"]) for i in range(1000)]
    graph = helper.make_graph(
        nodes, "chain", [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [4])],
        [helper.make_tensor_value_info("x1000", TensorProto.FLOAT, [4])],
        [helper.make_tensor("one", TensorProto.FLOAT, [4], [1.0] * 4)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    zeros = np.zeros(4, "float32")
    session.run(None, {"x0": zeros})
    out = {"start_ns": time.perf_counter_ns() - START, "version": ort.__version__}
    out["dispatch_ns"] = median_ns(lambda: session.run(None, {"x0": zeros})) / 1000
    return out


result = {"torch": run_torch, "tensorflow": run_tensorflow, "onnxruntime": run_onnxruntime}[PEER]()
result["resident_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps(result))
