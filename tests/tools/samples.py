"""Writes small data sets of IDX files."""

import gzip
import os
import random
import struct


def images(count, rows=4, columns=4, seed=1):
    source = random.Random(seed)
    pixels = bytes(source.randrange(256) for _ in range(count * rows * columns))
    return struct.pack(">IIII", 0x803, count, rows, columns) + pixels


def labels(values):
    return struct.pack(">II", 0x801, len(values)) + bytes(values)


def write_folder(folder, count=40, **replace):
    """A folder that --data takes; `replace` gives other bytes for a file, None leaves it out.

    Names: train_images, train_labels, test_images, test_labels. Bytes that begin like gzip go
    into a file named .gz.
    """
    files = {
        "train_images": ("train-images-idx3-ubyte", images(count)),
        "train_labels": ("train-labels-idx1-ubyte", labels([i % 10 for i in range(count)])),
        "test_images": ("t10k-images-idx3-ubyte", images(10, seed=2)),
        "test_labels": ("t10k-labels-idx1-ubyte", labels([i % 10 for i in range(10)])),
    }
    os.makedirs(folder, exist_ok=True)
    for name, (file_name, content) in files.items():
        content = replace.get(name, content)
        if content is None:
            continue
        if content[:2] == b"\x1f\x8b":
            file_name += ".gz"
        with open(os.path.join(folder, file_name), "wb") as file:
            file.write(content)
    return folder


def gzip_bomb():
    """Unpacks to 64 MiB where its header declares 40 images of 16 bytes."""
    return gzip.compress(images(40) + bytes(64 << 20), 9)
