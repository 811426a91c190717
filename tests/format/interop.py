"""Model files between pinion and real Keras, both ways.

    interop.py INTEROP_TOOL

Needs h5py, keras (Keras 3), tf_keras (Keras 2) and TensorFlow: tools/make-python-env makes such an
environment. Exits 77 if they are not there. The network is the lesson's, the data are drawn here.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import warnings

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="")
warnings.filterwarnings("ignore")

try:
    import h5py
    import keras
    import numpy as np
    import tensorflow as tf
    import tf_keras
except ImportError as error:
    print(f"skipped: {error}; tools/make-python-env makes an environment that has it")
    sys.exit(77)

tf.get_logger().setLevel("ERROR")
try:
    from absl import logging

    logging.set_verbosity(logging.ERROR)
except ImportError:
    pass

TOOL = None
LIBRARIES = {"Keras 3": keras, "Keras 2": tf_keras}
LEARNING_RATE = 0.002
passed, failed = 0, []


def check(good, what):
    """Counts one check; a failure is printed at once."""
    global passed
    if good:
        passed += 1
    else:
        failed.append(what)
        print(f"FAILED: {what}", flush=True)


def pinion(*arguments):
    """Runs the tool; its standard output."""
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.returncode} {done.stderr}")
    return done.stdout


class Data:
    """Ten patterns with noise, as arrays and as files for the tool."""

    def __init__(self, count, seed):
        patterns = np.random.default_rng(1).integers(0, 256, (10, 28, 28))
        random = np.random.default_rng(seed)
        self.y = random.integers(0, 10, count).astype("<i4")
        noisy = patterns[self.y] * 0.25 + random.normal(80, 60, (count, 28, 28))
        self.u8 = np.clip(noisy, 0, 255).astype("u1")
        self.unit = (self.u8 / np.float32(255)).astype("<f4")
        self.files = {}
        for name, array in (("x.u8", self.u8), ("unit.f32", self.unit), ("y.i32", self.y)):
            self.files[name] = f"{seed}-{name}"
            array.tofile(self.files[name])


def pinion_evaluates(path, data, samples):
    return json.loads(pinion("evaluate", path, data.files[samples], data.files["y.i32"]))


def pinion_predicts(path, data, samples):
    pinion("predict", path, data.files[samples], "outputs.f32")
    return np.fromfile("outputs.f32", "<f4").reshape(-1, 10)


def same_results(what, path, model, data, samples, tolerance=1e-5):
    """pinion, with the file, and a Keras model say the same of the same data."""
    x = (data.u8 if samples == "x.u8" else data.unit).astype("f4")
    outputs = model.predict(x, batch_size=256, verbose=0)
    difference = np.abs(outputs - pinion_predicts(path, data, samples)).max()
    check(difference <= tolerance, f"{what}: predictions differ by {difference}")
    result = pinion_evaluates(path, data, samples)
    # Not from evaluate: Keras 2 takes another accuracy once a model was saved before it trained.
    accuracy = (outputs.argmax(1) == data.y).mean()
    if getattr(model, "optimizer", None) is None:  # not compiled: what evaluate would say
        loss = -np.log(outputs[np.arange(len(data.y)), data.y].astype("f8")).mean()
    else:
        loss = model.evaluate(x, data.y, batch_size=256, verbose=0)[0]
    check(abs(result["loss"] - loss) <= tolerance * max(1.0, loss),
          f"{what}: loss {result['loss']} in pinion, {loss} in Keras")
    check(abs(result["accuracy"] - accuracy) < 1e-6,
          f"{what}: accuracy {result['accuracy']} in pinion, {accuracy} in Keras")
    return result


# --- files of pinion ------------------------------------------------------------------------------


def check_layout(path):
    """h5py finds what Keras looks for, and pinion's state apart from it."""
    with h5py.File(path, "r") as file:
        check(set(file) == {"model_weights", "pinion"}, f"{path}: groups {set(file)}")
        check(set(file.attrs) == {"keras_version", "backend", "model_config", "training_config"},
              f"{path}: attributes {set(file.attrs)}")
        config = json.loads(file.attrs["model_config"])
        names = [layer["config"]["name"] for layer in config["config"]["layers"][1:]]
        weights = file["model_weights"]
        stored = [name.decode() for name in weights.attrs["layer_names"]]
        check(stored == names, f"{path}: layers {stored}, the config has {names}")
        shapes = [weights[layer][name.decode()].shape for layer in stored
                  for name in weights[layer].attrs["weight_names"]]
        check(shapes == [(784, 256), (256,), (256, 10), (10,)], f"{path}: shapes {shapes}")
        check(file["pinion"].attrs["seed"] == 42, f"{path}: state of pinion")


def pinion_to_keras(train, test):
    for (scale_name, scale), optimizer in itertools.product(
            (("rescaled", 1 / 255), ("raw", 1)), ("adam", "sgd")):
        path = f"pinion_{scale_name}_{optimizer}.hdf5"
        pinion("train", path, scale, optimizer, 1, train.files["x.u8"], train.files["y.i32"])
        check_layout(path)
        for name, library in LIBRARIES.items():
            what = f"{path} in {name}"
            model = library.models.load_model(path)
            tolerance = 1e-5 if scale_name == "rescaled" else 1e-4
            accuracy = same_results(what, path, model, test, "x.u8", tolerance)["accuracy"]
            evaluated = model.evaluate(test.u8.astype("f4"), test.y, verbose=0)[1]
            check(abs(evaluated - accuracy) < 1e-6, f"{what}: Keras evaluates accuracy {evaluated}")
            check(model.optimizer.__class__.__name__.lower() == optimizer, f"{what}: optimizer")
            rate = float(np.asarray(model.optimizer.learning_rate))
            check(abs(rate - (0.001 if optimizer == "adam" else 0.01)) < 1e-9,
                  f"{what}: learning rate {rate}")
            before = model.get_weights()
            history = model.fit(train.u8.astype("f4"), train.y, epochs=2, verbose=0).history
            check(np.isfinite(history["loss"]).all(), f"{what}: training on, loss {history}")
            check(any((a != b).any() for a, b in zip(before, model.get_weights())),
                  f"{what}: training on changed nothing")
            if scale_name == "rescaled":
                check(history["loss"][1] < history["loss"][0], f"{what}: learns on, {history}")
            back = f"back_{name[-1]}_{path}"
            model.save(back)
            same_results(f"{back} again in pinion", back, model, test, "x.u8", tolerance)


# --- files of Keras -------------------------------------------------------------------------------


def layers(library, dropout=True, rescale=False):
    kinds = library.layers
    chain = [kinds.Rescaling(1 / 255)] if rescale else []
    chain += [kinds.Flatten(), kinds.Dense(256, activation="relu")]
    chain += [kinds.Dropout(0.2)] if dropout else []
    return chain + [kinds.Dense(10, activation="softmax")]


def implied_input(library):
    kinds = library.layers
    return library.Sequential([kinds.Flatten(input_shape=(28, 28))] + layers(library)[1:])


def explicit_input(library):
    return library.Sequential([library.Input((28, 28))] + layers(library))


def rescaling(library):
    return library.Sequential([library.Input((28, 28))] + layers(library, rescale=True))


def functional(library):
    tensor = inputs = library.Input((28, 28))
    for layer in layers(library):
        tensor = layer(tensor)
    return library.Model(inputs, tensor)


def optimizers(library):
    kinds = library.optimizers
    made = {
        "adam": kinds.Adam(LEARNING_RATE),
        "momentum": kinds.SGD(LEARNING_RATE, momentum=0.9),
        "nesterov": kinds.SGD(LEARNING_RATE, momentum=0.9, nesterov=True),
        "sgd": kinds.SGD(LEARNING_RATE),
    }
    if library is tf_keras:
        made["legacy adam"] = kinds.legacy.Adam(LEARNING_RATE)
        made["legacy nesterov"] = kinds.legacy.SGD(LEARNING_RATE, momentum=0.9, nesterov=True)
    return made


def compile_and_fit(model, optimizer, data, samples, batches):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = (data.u8 if samples == "x.u8" else data.unit).astype("f4")
    if batches:
        model.fit(x[:32 * batches], data.y[:32 * batches], epochs=1, verbose=0)


def rewrite_names(path, convert):
    """Rewrites the lists of names of a file with other string types."""

    def visit(_, item):
        for attribute in ("layer_names", "weight_names"):
            if len(item.attrs.get(attribute, ())):
                names = [n if isinstance(n, str) else n.decode() for n in item.attrs[attribute]]
                del item.attrs[attribute]
                convert(item.attrs, attribute, names)

    with h5py.File(path, "r+") as file:
        file.visititems(visit)


def fixed_names(attributes, name, names):
    attributes[name] = np.array([n.encode() for n in names])


def variable_names(attributes, name, names):
    attributes.create(name, names, dtype=h5py.string_dtype("utf-8"))


def without_suffix(path):
    """Weight names as newer writers have them: without ":0"."""
    with h5py.File(path, "r+") as file:
        for layer in file["model_weights"].values():
            names = [n if isinstance(n, str) else n.decode()
                     for n in layer.attrs.get("weight_names", ())]
            for old in names:
                if old.endswith(":0"):
                    layer.move(old, old[:-2])
            if names:
                del layer.attrs["weight_names"]
                variable_names(layer.attrs, "weight_names", [n.removesuffix(":0") for n in names])


def keras_to_pinion(train, test):
    for name, library in LIBRARIES.items():
        short = f"keras{name[-1]}"
        for build in (implied_input, explicit_input, rescaling, functional):
            samples = "x.u8" if build is rescaling else "unit.f32"
            model = build(library)
            compile_and_fit(model, library.optimizers.Adam(), train, samples, 5)
            path = f"{short}_{build.__name__}.h5"
            model.save(path)
            result = same_results(path, path, model, test, samples)
            check(result["compiled"] and result["steps"] == 5, f"{path}: {result}")
        for kind, optimizer in optimizers(library).items():
            model = implied_input(library)
            compile_and_fit(model, optimizer, train, "unit.f32", 7)
            path = f"{short}_{kind.replace(' ', '_')}.hdf5"
            model.save(path)
            result = same_results(path, path, model, test, "unit.f32")
            check(result["compiled"] and result["steps"] == 7, f"{path}: {result}")
        model = implied_input(library)
        compile_and_fit(model, library.optimizers.Adam(), train, "unit.f32", 0)
        forms = {
            "untrained": lambda path: model.save(path),
            "no_optimizer": lambda path: model.save(path, include_optimizer=False),
            "fixed_names": lambda path: (model.save(path), rewrite_names(path, fixed_names)),
            "variable_names": lambda path: (model.save(path), rewrite_names(path, variable_names)),
            "without_suffix": lambda path: (model.save(path), without_suffix(path)),
        }
        for form, write in forms.items():
            path = f"{short}_{form}.h5"
            write(path)
            same_results(path, path, model, test, "unit.f32")
        model = implied_input(library)
        path = f"{short}_never_compiled.h5"
        model.save(path)
        check(not same_results(path, path, model, test, "unit.f32")["compiled"], path)


# --- the optimizer's state ------------------------------------------------------------------------


def stored_weights(path):
    with h5py.File(path, "r") as file:
        weights = file["model_weights"]
        return [weights[layer.decode()][name.decode()][()]
                for layer in weights.attrs["layer_names"]
                for name in weights[layer.decode()].attrs["weight_names"]]


def steps_go_on(train, test):
    """The next step of a loaded optimizer is the one that Keras would have taken."""
    for name, library in LIBRARIES.items():
        for kind, optimizer in optimizers(library).items():
            model = library.Sequential([library.Input((28, 28))] + layers(library, dropout=False))
            compile_and_fit(model, optimizer, train, "unit.f32", 10)
            path, result = f"step{name[-1]}_{kind.replace(' ', '_')}.h5", "stepped.h5"
            model.save(path)
            model.train_on_batch(test.unit, test.y)
            steps = json.loads(
                pinion("step", path, test.files["unit.f32"], test.files["y.i32"], result))["steps"]
            check(steps == 11, f"{path}: {steps} steps after one more")
            for index, (found, wanted) in enumerate(zip(stored_weights(result),
                                                        model.get_weights())):
                excess = np.abs(found - wanted) - 1e-6 * np.abs(wanted) - 1e-3 * LEARNING_RATE
                check(excess.max() <= 0, f"{path}: weight {index} after the next step is off by "
                                         f"{np.abs(found - wanted).max()}")


def main():
    global TOOL
    TOOL = os.path.abspath(sys.argv[1])
    print(f"keras {keras.__version__}, tf_keras {tf_keras.__version__}, tensorflow "
          f"{tf.__version__}, h5py {h5py.__version__}, Python {sys.version.split()[0]}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        keras.utils.set_random_seed(1)
        tf_keras.utils.set_random_seed(1)
        train, test = Data(1600, 2), Data(400, 3)
        for part in (pinion_to_keras, keras_to_pinion, steps_go_on):
            before = passed
            try:
                part(train, test)
            except Exception as error:  # the other parts are worth running all the same
                check(False, f"{part.__name__}: {type(error).__name__}: {error}")
            print(f"{part.__name__}: {passed - before} checks passed", flush=True)
        os.chdir("/")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
