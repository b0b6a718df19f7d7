#!/usr/bin/env python3
"""Checkpoints and meta graphs of lab 2 go to real TensorFlow and back.

    checkpoints.py read PREFIX [--runnel BUILD/bin/runnel]
        Imports PREFIX.meta and restores PREFIX in TensorFlow, computes the logits of fixed pictures, trains
        on and saves again. With --runnel, Runnel must compute the same logits from PREFIX.meta with its checkpoint and
        from the graph that TensorFlow freezes with the restored values.
    checkpoints.py write META FOLDER [--steps N] [--lab BUILD/bin/lab2_mnist --data MNIST --optimizer NAME]
        Trains the network of META in TensorFlow and saves FOLDER/model-N. With --lab, lab 2 evaluates
        that checkpoint, and must find the accuracy that TensorFlow finds.

    checkpoints.py build FOLDER [--runnel BUILD/bin/runnel] [--lab BUILD/bin/lab2_mnist --data MNIST]
        Builds the same network in TensorFlow itself, under the same names, trains it 200 steps with Adam and
        saves FOLDER/model-200. Runnel runs that meta graph with that checkpoint, lab 2 evaluates it.

Every comparison ends in a line "OK ..." or the script fails.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
v1.disable_eager_execution()
PICTURES = np.random.RandomState(11).rand(20, 784).astype("float32")
LABELS = (np.arange(20) % 10).astype("int32")


class Model:
    """The graph of a .meta file in a session of its own."""

    def __init__(self, meta):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.saver = v1.train.import_meta_graph(meta)
            self.session = v1.Session()
        self.logits = self.one("logits")
        self.images, self.labels = self.graph.get_tensor_by_name("images:0"), self.graph.get_tensor_by_name("labels:0")
        self.loss, self.train = self.one("losses"), self.one("train_op")
        self.step = v1.train.get_global_step(self.graph)

    def one(self, collection):
        items = self.graph.get_collection(collection)
        assert items, f"collection '{collection}' is empty; there are {self.graph.get_all_collection_keys()}"
        return items[0]

    def feed(self, images, labels):
        keep = [op.outputs[0] for op in self.graph.get_operations() if op.name == "keep"]
        return {self.images: images, self.labels: labels, **{k: 1.0 for k in keep}}

    def run(self, fetch, images=PICTURES, labels=LABELS):
        return self.session.run(fetch, self.feed(images, labels))


def check(what, good):
    print("OK" if good else "WRONG", what)
    if not good:
        sys.exit(1)


def read(args):
    m = Model(args.prefix + ".meta")
    m.saver.restore(m.session, args.prefix)
    logits, step = m.run(m.logits), m.session.run(m.step)
    print(f"TensorFlow {tf.__version__} restored {args.prefix}: step {step}, logits of picture 0 {logits[0]}")
    check("the step is the one in the file's name", args.prefix.endswith(f"-{step}"))
    if args.runnel:
        compare_runnel(args, m, logits)
    before = m.run(m.loss)
    for _ in range(50):
        m.run(m.train)
    after = m.run(m.loss)
    check(f"TensorFlow trains on: the loss goes from {before:.4f} to {after:.4f}", after < before)
    check("the step has gone up by 50", m.session.run(m.step) == step + 50)
    with tempfile.TemporaryDirectory() as folder:
        saved = m.saver.save(m.session, os.path.join(folder, "model"), global_step=int(step) + 50)
        names = {name: shape for name, shape in tf.train.list_variables(args.prefix)}
        check("TensorFlow saves the same names and shapes", names == dict(tf.train.list_variables(saved)))


def runnel_logits(args, graph, folder, m):
    """The logits of PICTURES that `runnel run` computes from a graph file; a .meta brings its checkpoint."""
    x, y = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
    np.save(x, PICTURES)
    keep = ["--feed", "keep=1"] if "keep" in [op.name for op in m.graph.get_operations()] else []
    subprocess.run([args.runnel, "run", graph, "--feed", "images=@" + x, *keep, "--out", f"{m.logits.name}=@{y}"], check=True)
    return np.load(y)


def compare_runnel(args, m, logits):
    with tempfile.TemporaryDirectory() as folder:
        frozen = v1.graph_util.convert_variables_to_constants(m.session, m.graph.as_graph_def(), [m.logits.op.name])
        path = os.path.join(folder, "frozen.pb")
        with open(path, "wb") as f:
            f.write(frozen.SerializeToString())
        for graph in (path, args.prefix + ".meta"):
            error = np.abs(runnel_logits(args, graph, folder, m) - logits).max()
            check(f"Runnel computes the same logits from {os.path.basename(graph)}; they differ by {error:.3g}", error <= 1e-5)


def build(args):
    x, y = v1.placeholder(tf.float32, [None, 784], "images"), v1.placeholder(tf.int32, [None], "labels")
    step = v1.train.create_global_step()
    h = x
    for name, n_in, n_out in (("hidden1", 784, 128), ("hidden2", 128, 32), ("softmax_linear", 32, 10)):
        with tf.name_scope(name):
            start = tf.random.truncated_normal([n_in, n_out], stddev=n_in**-0.5, seed=3)
            w = v1.Variable(start, name="weights", use_resource=False)
            b = v1.Variable(tf.zeros([n_out]), name="biases", use_resource=False)
            h = tf.matmul(h, w) + b
            if n_out > 10:
                h = tf.nn.relu(h)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=h))
    for collection, item in (("logits", h), ("losses", loss)):
        v1.add_to_collection(collection, item)
    v1.add_to_collection("train_op", v1.train.AdamOptimizer(0.001).minimize(loss, global_step=step))
    os.makedirs(args.folder, exist_ok=True)
    meta = os.path.join(args.folder, "start.meta")
    v1.train.Saver().export_meta_graph(meta)
    args.meta, args.steps, args.optimizer = meta, 200, "Adam"
    m = write(args)
    if args.runnel:
        error = np.abs(runnel_logits(args, os.path.join(args.folder, "model-200.meta"), args.folder, m) - m.run(m.logits)).max()
        check(f"Runnel restores TensorFlow's checkpoint and computes its logits; they differ by {error:.3g}", error <= 1e-5)
    if args.lab:
        command = [args.lab, "--logdir", args.folder, "--resume", "--steps", "210", "--optimizer", "Adam", "--json"]
        got = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        check("lab 2 trains on from TensorFlow's checkpoint, Adam's slots included", got["step"] == 210)


def mnist(folder, name, header):
    with gzip.open(os.path.join(folder, name)) as f:
        return np.frombuffer(f.read(), np.uint8)[header:]


def write(args):
    m = Model(args.meta)
    with m.graph.as_default():
        m.session.run(v1.global_variables_initializer())
    if args.data:
        images = mnist(args.data, "train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[5000:].astype("float32") / 255
        labels = mnist(args.data, "train-labels-idx1-ubyte.gz", 8)[5000:].astype("int32")
    else:
        rng = np.random.RandomState(5)
        labels = rng.randint(0, 10, 5000).astype("int32")
        images = (rng.rand(10, 784)[labels] * 0.7 + rng.rand(5000, 784) * 0.3).astype("float32")
    batches = np.random.RandomState(7).randint(0, len(images), (args.steps, 100))
    losses = [m.run([m.loss, m.train], images[b], labels[b])[0] for b in batches]
    check(f"the loss goes from {losses[0]:.4f} to {losses[-1]:.4f}", losses[-1] < losses[0])
    os.makedirs(args.folder, exist_ok=True)
    saved = m.saver.save(m.session, os.path.join(args.folder, "model"), global_step=args.steps)
    print(f"saved {saved}; lab 2 reads it with: lab2_mnist --logdir {args.folder} --evaluate --optimizer THE_SAME")
    if args.lab:
        evaluate(args, m)
    return m


def evaluate(args, m):
    command = [args.lab, "--logdir", args.folder, "--evaluate", "--json", "--optimizer", args.optimizer]
    got = json.loads(subprocess.run(command + (["--data", args.data] if args.data else []), check=True, capture_output=True).stdout)
    check(f"lab 2 restored step {got['step']}", got["step"] == args.steps)
    if not args.data:
        return
    images = mnist(args.data, "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype("float32") / 255
    labels = mnist(args.data, "t10k-labels-idx1-ubyte.gz", 8).astype("int32")
    ours = float((m.run(m.logits, images, labels).argmax(1) == labels).mean())
    check(f"test accuracy {got['test_accuracy']:.4f}, TensorFlow's {ours:.4f}", abs(got["test_accuracy"] - ours) <= 2e-4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    r = commands.add_parser("read")
    r.add_argument("prefix")
    r.add_argument("--runnel")
    r.set_defaults(do=read)
    w = commands.add_parser("write")
    w.add_argument("meta")
    w.add_argument("folder")
    w.add_argument("--steps", type=int, default=300)
    w.add_argument("--lab")
    w.add_argument("--data")
    w.add_argument("--optimizer", default="GradientDescent")
    w.set_defaults(do=write)
    b = commands.add_parser("build")
    b.add_argument("folder")
    b.add_argument("--runnel")
    b.add_argument("--lab")
    b.add_argument("--data")
    b.set_defaults(do=build)
    args = parser.parse_args()
    for name in ("runnel", "lab"):
        if getattr(args, name, None):
            setattr(args, name, os.path.abspath(getattr(args, name)))
    args.do(args)


main()
