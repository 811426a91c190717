"""Independent results of one and three training steps of a small network, written to step.json.

12 inputs, Dense(9, activation), Dense(5, softmax), a batch of 7, given weights, no dropout, sparse
categorical crossentropy: from real Keras (float32, TensorFlow backend) and from the formulas in
NumPy (float64). Every step uses the same batch.

    pip install keras tensorflow-cpu
    python step_oracle.py > step.json

Layout of the file: `x` [7, 12], `labels` [7], and `weights` {w1 [12, 9], b1 [9], w2 [9, 5], b2 [5]}
are row-major and exactly representable in float32. Each of `cases` names its activation and optimizer
and holds `after`: for 1 and 3 steps (activations other than relu: 1), `keras` and `float64` with the
`loss` before the first step, `loss_after` on the same batch, and the four updated arrays.
"""
import json
import os
import platform
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

INPUTS, HIDDEN, CLASSES, BATCH = 12, 9, 5, 7
EPSILON, BETA_1, BETA_2 = 1e-7, 0.9, 0.999
SELU_SCALE, SELU_ALPHA = 1.05070098735548049342, 1.67326324235437728481
LEAKY_SLOPE = 0.2

rng = np.random.default_rng(20240611)


def given(shape, low, high):
    return rng.uniform(low, high, shape).astype(np.float32)


X = given((BATCH, INPUTS), -1.0, 1.0)
LABELS = np.array([0, 3, 1, 4, 2, 2, 0])
WEIGHTS = {"w1": given((INPUTS, HIDDEN), -0.6, 0.6), "b1": given(HIDDEN, -0.2, 0.2),
           "w2": given((HIDDEN, CLASSES), -0.7, 0.7), "b2": given(CLASSES, -0.2, 0.2)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def erf(z):
    """Maclaurin series: |z| stays below 3 here, where 60 terms reach double precision."""
    term, total = z.copy(), z.copy()
    for n in range(1, 60):
        term = term * (-z * z) / n
        total = total + term / (2 * n + 1)
    return 2 / np.sqrt(np.pi) * total


def gelu(z):
    return z * 0.5 * (1 + erf(z / np.sqrt(2)))


def gelu_slope(z):
    return 0.5 * (1 + erf(z / np.sqrt(2))) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# name: (f, f')
ACTIVATIONS = {
    "linear": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "gelu": (gelu, gelu_slope),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(z)), lambda z: np.where(z > 0, 1.0, np.exp(z))),
    "selu": (lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(z)),
             lambda z: SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(z))),
    "leaky_relu": (lambda z: np.where(z > 0, z, LEAKY_SLOPE * z),
                   lambda z: np.where(z > 0, 1.0, LEAKY_SLOPE)),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
    "exponential": (np.exp, np.exp),
}


def loss_and_gradients(weights, activation):
    f, slope = ACTIVATIONS[activation]
    x = X.astype(np.float64)
    z1 = x @ weights["w1"] + weights["b1"]
    h = f(z1)
    z2 = h @ weights["w2"] + weights["b2"]
    top = z2.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(z2 - top).sum(axis=1, keepdims=True)) + top
    loss = np.mean(log_sum[:, 0] - z2[np.arange(BATCH), LABELS])
    dz2 = (np.exp(z2 - log_sum) - np.eye(CLASSES)[LABELS]) / BATCH
    dz1 = dz2 @ weights["w2"].T * slope(z1)
    return loss, {"w1": x.T @ dz1, "b1": dz1.sum(axis=0), "w2": h.T @ dz2, "b2": dz2.sum(axis=0)}


def float64_steps(case, steps):
    w = {name: value.astype(np.float64) for name, value in WEIGHTS.items()}
    m = {name: np.zeros_like(value) for name, value in w.items()}
    v = {name: np.zeros_like(value) for name, value in w.items()}
    lr, momentum = case["learning_rate"], case["momentum"]
    first = None
    for t in range(1, steps + 1):
        loss, gradients = loss_and_gradients(w, case["activation"])
        first = loss if first is None else first
        for name, g in gradients.items():
            if case["optimizer"] == "adam":
                m[name] += (g - m[name]) * (1 - BETA_1)
                v[name] += (g * g - v[name]) * (1 - BETA_2)
                alpha = lr * np.sqrt(1 - BETA_2 ** t) / (1 - BETA_1 ** t)
                w[name] -= alpha * m[name] / (np.sqrt(v[name]) + EPSILON)
            elif momentum == 0:
                w[name] -= lr * g
            else:
                m[name] = momentum * m[name] - lr * g
                w[name] += momentum * m[name] - lr * g if case["nesterov"] else m[name]
    return {"loss": first, "loss_after": loss_and_gradients(w, case["activation"])[0], **w}


def keras_steps(case, steps):
    model = keras.Sequential([keras.Input((INPUTS,)),
                              keras.layers.Dense(HIDDEN, activation=case["activation"]),
                              keras.layers.Dense(CLASSES, activation="softmax")])
    model.set_weights(list(WEIGHTS.values()))
    if case["optimizer"] == "adam":
        optimizer = keras.optimizers.Adam(learning_rate=case["learning_rate"])
    else:
        optimizer = keras.optimizers.SGD(learning_rate=case["learning_rate"],
                                         momentum=case["momentum"], nesterov=case["nesterov"])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", jit_compile=False)
    before = model.evaluate(X, LABELS, batch_size=BATCH, verbose=0)
    for _ in range(steps):
        model.train_on_batch(X, LABELS)
    after = model.evaluate(X, LABELS, batch_size=BATCH, verbose=0)
    return {"loss": before, "loss_after": after, **dict(zip(WEIGHTS, model.get_weights()))}


def case(optimizer, learning_rate, momentum=0.0, nesterov=False, activation="relu"):
    return {"activation": activation, "optimizer": optimizer, "learning_rate": learning_rate,
            "momentum": momentum, "nesterov": nesterov}


CASES = [case("adam", 0.001), case("adam", 0.01), case("sgd", 0.1), case("sgd", 0.1, 0.9),
         case("sgd", 0.1, 0.9, True)]
CASES += [case("sgd", 0.1, activation=name) for name in ACTIVATIONS if name != "relu"]


def numbers(values):
    return {name: float(value) if np.ndim(value) == 0 else
            [float(element) for element in np.ravel(value)] for name, value in values.items()}


def main():
    # An Adam step is blind to the size of a gradient: a tiny one would make the sign of its rounding
    # error decide. None is tiny here.
    _, gradients = loss_and_gradients({k: w.astype(np.float64) for k, w in WEIGHTS.items()}, "relu")
    smallest = min(np.abs(g[g != 0]).min() for g in gradients.values())
    assert smallest > 1e-5, smallest

    cases = []
    for entry in CASES:
        counts = (1, 3) if entry["activation"] == "relu" else (1,)
        after = []
        for steps in counts:
            exact, real = float64_steps(entry, steps), keras_steps(entry, steps)
            for name in WEIGHTS:
                worst = np.max(np.abs(exact[name] - real[name]))
                assert worst < 2e-6, (entry, steps, name, worst)
            after.append({"steps": steps, "keras": numbers(real), "float64": numbers(exact)})
        cases.append({**entry, "after": after})

    head = {"versions": {"python": platform.python_version(), "keras": keras.__version__,
                         "tensorflow": tf.__version__, "numpy": np.__version__},
            "inputs": INPUTS, "hidden": HIDDEN, "classes": CLASSES, "batch": BATCH,
            "leaky_relu_slope": LEAKY_SLOPE, "elu_alpha": 1.0,
            "x": [float(value) for value in X.ravel()], "labels": LABELS.tolist(),
            "weights": numbers(WEIGHTS)}
    json.dump({**head, "cases": cases}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


main()
