#!/usr/bin/env python3
"""The lesson's training in Keras on TensorFlow and the CPU, timed: prints one JSON object.

    train_keras.py --batch 480 --threads 1

Data is in memory as float32 and goes to fit() as arrays, without validation. Compiled with XLA where
that is faster over a short trial; several steps run in one call.
"""
import os
import time

import lesson

parser = lesson.options(__doc__.splitlines()[0])
parser.add_argument("--jit", choices=("auto", "on", "off"), default="auto")
parser.add_argument("--steps-per-execution", type=int, default=20)
args = parser.parse_args()
lesson.limit_threads(args.threads)
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(args.threads)
keras.utils.set_random_seed(42)


def make(jit):
    model = keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001),
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit,
                  steps_per_execution=args.steps_per_execution)
    return model


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def fit(model, x, y, epochs):
    """Seconds of each epoch and the last loss."""
    clock = Clock()
    history = model.fit(x, y, batch_size=args.batch, epochs=epochs, verbose=0, callbacks=[clock])
    return clock.seconds, history.history["loss"][-1]


def choose_jit(x, y):
    trial = min(len(x), 100 * args.batch)
    times = {}
    for jit in (False, True):
        try:
            # The first epoch compiles.
            times[jit] = fit(make(jit), x[:trial], y[:trial], 2)[0][-1]
        except (RuntimeError, tf.errors.OpError):
            continue
    return min(times, key=times.get)


x, y = lesson.load(args.data, args.samples)
jit = choose_jit(x, y) if args.jit == "auto" else args.jit == "on"
seconds, loss = fit(make(jit), x, y, args.epochs + 1)
lesson.report(args, len(x), seconds[1:], loss,
              {"keras": keras.__version__, "tensorflow": tf.__version__},
              {"jit_compile": jit, "steps_per_execution": args.steps_per_execution})
