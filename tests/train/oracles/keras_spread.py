"""What real Keras makes of the lesson's network on raw pixels, seed by seed.

Trains Flatten, Dense(256, relu), Dropout(0.2), Dense(10, softmax) on Fashion-MNIST with pixels left at
0..255, Adam, sparse categorical crossentropy, validation_split 0.2, batch 32, and writes one JSON file
with each seed's history and test result. pinion's own ten runs must lie within their spread.

    pip install keras tensorflow-cpu
    python keras_spread.py [--data FOLDER] [--out keras_spread.json] [--threads 1]

The file is rewritten after each run and a run that is already in it is not repeated, so the script
may be stopped and started again.
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import time

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
parser.add_argument("--out", default=str(pathlib.Path(__file__).with_name("keras_spread.json")))
parser.add_argument("--threads", type=int, default=1)
args = parser.parse_args()

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(1)

# (learning rate, epochs, seeds)
EXPERIMENTS = [(0.001, 5, range(1, 11)), (0.1, 3, range(1, 4))]


def idx(name, offset):
    with gzip.open(pathlib.Path(args.data) / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def lesson(learning_rate):
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


train_x = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype(np.float32)
train_y = idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64)
test_x = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype(np.float32)
test_y = idx("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64)

out = pathlib.Path(args.out)
result = {"runs": []}
if out.exists():
    result = json.loads(out.read_text())
result["network"] = "784 raw pixels; dense 256 relu; dropout 0.2; dense 10 softmax"
result["fit"] = "Adam, sparse categorical crossentropy, batch 32, validation_split 0.2, shuffled"
result["versions"] = {"python": platform.python_version(), "keras": keras.__version__,
                      "tensorflow": tf.__version__, "numpy": np.__version__}
result["processor"] = processor()
result["threads"] = args.threads

for learning_rate, epochs, seeds in EXPERIMENTS:
    for seed in seeds:
        if any(run["seed"] == seed and run["learning_rate"] == learning_rate
               for run in result["runs"]):
            continue
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model = lesson(learning_rate)
        start = time.perf_counter()
        history = model.fit(train_x, train_y, batch_size=32, epochs=epochs, validation_split=0.2,
                            verbose=0).history
        seconds = time.perf_counter() - start
        test_loss, test_accuracy = model.evaluate(test_x, test_y, batch_size=256, verbose=0)
        run = {"learning_rate": learning_rate, "seed": seed, "epochs": epochs,
               "val_accuracy": history["val_accuracy"][-1], "val_loss": history["val_loss"][-1],
               "test_accuracy": test_accuracy, "test_loss": test_loss,
               "history": {key: [round(value, 6) for value in values]
                           for key, values in history.items()}}
        result["runs"].append(run)
        partial = out.with_suffix(".partial")
        partial.write_text(json.dumps(result, indent=1) + "\n")
        partial.replace(out)
        print(f"lr {learning_rate} seed {seed}: val {run['val_accuracy']:.4f} "
              f"test {test_accuracy:.4f} loss {test_loss:.4f} ({seconds:.0f} s)", flush=True)
