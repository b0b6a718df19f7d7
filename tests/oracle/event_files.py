#!/usr/bin/env python3
"""Event files between Runnel and TensorFlow, both ways.

    event_files.py            TensorFlow writes tests/data/tensorflow.tfevents, which tests/e2e/events_test.c reads
    event_files.py FOLDER     TensorBoard's own reader reads what Runnel wrote there, and prints what it found

FOLDER is the --logdir of a lab.
"""
import glob
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
HERE = os.path.dirname(os.path.abspath(__file__))


def write():
    import numpy as np
    import tensorflow as tf

    v1 = tf.compat.v1
    folder = "/tmp/runnel_oracle_events"
    for old in glob.glob(folder + "/*"):
        os.remove(old)
    with tf.Graph().as_default() as g, v1.Session() as s:
        x = v1.placeholder(tf.float32, [], "x")
        v1.summary.scalar("loss", x)
        v1.summary.histogram("weights", tf.constant([1.0, 2.0, 2.0, -3.0]))
        v1.summary.image("dot", tf.constant(np.array([[[[0], [255]]]], np.uint8)))
        merged = v1.summary.merge_all()
        w = v1.summary.FileWriter(folder, g)
        for step, value in enumerate((4.0, 2.0, 1.0)):
            w.add_summary(s.run(merged, {x: value}), step)
        w.close()
    path = glob.glob(folder + "/*")[0]
    data = open(path, "rb").read()
    with tf.summary.create_file_writer(folder + "/second").as_default():
        tf.summary.scalar("accuracy", 0.75, step=3)
    second = open(glob.glob(folder + "/second/*")[0], "rb").read()
    target = os.path.join(HERE, "..", "data", "tensorflow.tfevents")
    open(target, "wb").write(data + second)
    print(f"{target}: {len(data) + len(second)} bytes")


def read(folder):
    from tensorboard.backend.event_processing import event_accumulator as ea

    keep = {ea.SCALARS: 0, ea.HISTOGRAMS: 0, ea.IMAGES: 0, ea.COMPRESSED_HISTOGRAMS: 0}
    a = ea.EventAccumulator(folder, size_guidance=keep)
    a.Reload()
    tags = a.Tags()
    for tag in tags["scalars"]:
        points = a.Scalars(tag)
        print(f"scalar {tag}: {len(points)} points, step {points[-1].step} is {points[-1].value:.6g}")
    for tag in tags["histograms"]:
        h = a.Histograms(tag)[-1].histogram_value
        print(f"histogram {tag}: {h.num:g} values from {h.min:.4g} to {h.max:.4g}, {len(h.bucket)} buckets")
    for tag in tags["images"]:
        i = a.Images(tag)[-1]
        print(f"image {tag}: {i.width} x {i.height}, PNG {i.encoded_image_string[:4] == bytes([137]) + b'PNG'}")
    print("graph:", len(a.Graph().node), "nodes" if tags["graph"] else "none")


if len(sys.argv) > 1:
    read(sys.argv[1])
else:
    write()
