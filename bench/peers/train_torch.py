#!/usr/bin/env python3
"""The lesson's training in PyTorch on the CPU, timed: prints one JSON object.

    train_torch.py --batch 480 --threads 1

Data is in memory as float32; a batch is gathered by a permutation drawn each epoch. Adam is the fused
one where this PyTorch has it for CPUs, else the faster of its two others over a short trial.
"""
import ctypes
import time

import lesson

parser = lesson.options(__doc__.splitlines()[0])
parser.add_argument("--adam", choices=("auto", "fused", "foreach", "plain"), default="auto")
args = parser.parse_args()
lesson.limit_threads(args.threads)

import torch
from torch import nn

torch.set_num_threads(args.threads)
torch.manual_seed(42)


def make(adam):
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    flags = {"plain": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}[adam]
    return model, torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7, **flags)


def epoch(model, optimizer, x, y, batch):
    """Mean loss over the epoch's batches."""
    loss_of = nn.functional.cross_entropy
    order = torch.randperm(len(x))
    total = torch.zeros(())
    model.train()
    for start in range(0, len(x), batch):
        rows = order[start:start + batch]
        optimizer.zero_grad()
        loss = loss_of(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
    return float(total) / len(x)


def seconds_of(model, optimizer, x, y, batch):
    start = time.perf_counter()
    loss = epoch(model, optimizer, x, y, batch)
    return time.perf_counter() - start, loss


def choose_adam(x, y, batch):
    """The fused optimizer if it exists for CPUs, else what a trial of some steps says."""
    trial = min(len(x), 40 * batch)
    times = {}
    for adam in ("fused", "foreach", "plain"):
        try:
            model, optimizer = make(adam)
            epoch(model, optimizer, x[:batch], y[:batch], batch)
            times[adam] = seconds_of(model, optimizer, x[:trial], y[:trial], batch)[0]
        except (TypeError, ValueError, RuntimeError):
            continue
        if adam == "fused":
            break
    return min(times, key=times.get)


def openblas_core():
    """Which core's kernels OpenBLAS chose, where PyTorch uses that library."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line.lower() and "/" in line}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_corename"):
            library.openblas_get_corename.restype = ctypes.c_char_p
            return library.openblas_get_corename().decode()
    return None


pixels, labels = lesson.load(args.data, args.samples)
x, y = torch.from_numpy(pixels), torch.from_numpy(labels)
adam = choose_adam(x, y, args.batch) if args.adam == "auto" else args.adam
model, optimizer = make(adam)
epoch(model, optimizer, x[:20 * args.batch], y[:20 * args.batch], args.batch)
runs = [seconds_of(model, optimizer, x, y, args.batch) for _ in range(args.epochs)]
lesson.report(args, len(x), [run[0] for run in runs], runs[-1][1],
              {"torch": torch.__version__},
              {"adam": adam, "openblas_core": openblas_core(),
               "torch_threads": torch.get_num_threads()})
