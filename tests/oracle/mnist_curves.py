#!/usr/bin/env python3
"""The loss curve of the 784-128-32-10 network in real TensorFlow, for three optimizers.

usage: mnist_curves.py DATA   (a folder with MNIST's four .gz files)

Both seeds are set on every random op and the batches come from mnist_batches.u16 (written here too: 100
steps of 100 indices into the 55,000 training images), so any implementation with TensorFlow's random
numbers must follow the curve.
"""
import gzip
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
v1.disable_eager_execution()
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "data")
STEPS, BATCH, VALIDATION = 100, 100, 5000
LAYERS = [784, 128, 32, 10]
OPTIMIZERS = {
    "GradientDescent": lambda: v1.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda: v1.train.MomentumOptimizer(0.05, 0.9),
    "Adam": lambda: v1.train.AdamOptimizer(0.001),
}


def read(folder, name, header):
    with gzip.open(os.path.join(folder, name)) as f:
        return np.frombuffer(f.read(), np.uint8)[header:]


def main():
    images = read(sys.argv[1], "train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[VALIDATION:].astype("float32") / 255
    labels = read(sys.argv[1], "train-labels-idx1-ubyte.gz", 8)[VALIDATION:].astype("int32")
    batches = np.random.RandomState(7).randint(0, len(images), (STEPS, BATCH)).astype("<u2")
    batches.tofile(os.path.join(OUT, "mnist_batches.u16"))
    with open(os.path.join(OUT, "mnist_curves.txt"), "w") as out:
        out.write(f"# optimizer step loss; TensorFlow {tf.__version__}, made by tests/oracle/mnist_curves.py\n")
        for name, make in OPTIMIZERS.items():
            for step, loss in enumerate(train(make, images, labels, batches), 1):
                out.write(f"{name} {step} {loss!r}\n")


def train(make, images, labels, batches):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 784])
        y = v1.placeholder(tf.int32, [None])
        h = x
        for i, (n_in, n_out) in enumerate(zip(LAYERS, LAYERS[1:]), 1):
            start = tf.raw_ops.TruncatedNormal(shape=[n_in, n_out], dtype=tf.float32, seed=42, seed2=i)
            w = v1.Variable(start * np.float32(1 / np.sqrt(n_in)), use_resource=False)
            b = v1.Variable(tf.zeros([n_out]), use_resource=False)
            h = tf.matmul(h, w) + b
            if i < 3:
                h = tf.nn.relu(h)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=h))
        step = make().minimize(loss)
        session.run(v1.global_variables_initializer())
        for batch in batches:
            yield float(session.run([loss, step], {x: images[batch], y: labels[batch]})[0])


main()
