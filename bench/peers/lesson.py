"""What the peers' trainers share: the lesson's data in memory, the options, the report."""
import argparse
import gzip
import json
import os
import pathlib
import platform
import statistics

NETWORK = "784-256-10 relu, dropout 0.2, softmax, adam 0.001"


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist",
                        help="folder of IDX files")
    parser.add_argument("--batch", type=int, default=480)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs, after a warm-up")
    parser.add_argument("--samples", type=int, default=48000,
                        help="training samples: the lesson keeps 12,000 of 60,000 for validation")
    return parser


def limit_threads(threads):
    """Before the libraries load: they read these once."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def load(folder, samples):
    """Pixels rescaled to [0, 1] as float32 [samples, 784], labels as int64 [samples]."""
    import numpy as np

    def idx(name, offset):
        path = pathlib.Path(folder) / name
        opener = open if path.exists() else gzip.open
        with opener(path if path.exists() else f"{path}.gz", "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    pixels = idx("train-images-idx3-ubyte", 16).reshape(-1, 784)[:samples]
    labels = idx("train-labels-idx1-ubyte", 8)[:samples]
    return pixels.astype(np.float32) / np.float32(255), labels.astype(np.int64)


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def report(args, samples, seconds, loss, versions, settings):
    """One JSON object on standard output; the median epoch counts."""
    print(json.dumps({
        "network": NETWORK,
        "batch": args.batch,
        "threads": args.threads,
        "samples_per_second": samples / statistics.median(seconds),
        "epoch_seconds": seconds,
        "loss": loss,
        "settings": settings,
        "processor": processor(),
        "versions": {"python": platform.python_version(), **versions},
    }))
