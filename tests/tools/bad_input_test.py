"""Data and models that are wrong: one line, the exit status of what it is, nothing written."""

import gzip
import os
import resource
import struct
import subprocess
import unittest

import samples
from program import HAS_HDF5, SMALL, ProgramTest, environment, needs_hdf5


class BadData(ProgramTest):
    def check(self, status, pattern, **replace):
        folder = samples.write_folder(self.path("data"), **replace)
        before = sorted(os.listdir(self.folder))
        save = ["--save", self.path("m.hdf5")] if HAS_HDF5 else []
        self.refuse(status, pattern, "train", "--data", folder, "--epochs", "1", *save)
        self.assertEqual(sorted(os.listdir(self.folder)), before, "something was written")

    def test_missing_folder(self):
        self.refuse(66, "nowhere: neither a known data set", "train", "--data", "nowhere")

    def test_data_folder_of_the_environment_that_is_none(self):
        nowhere = environment(PINION_DATA_DIR="/nowhere")
        self.refuse(66, 'PINION_DATA_DIR is "/nowhere"', "train", "--epochs", "1", env=nowhere)

    def test_missing_images(self):
        self.check(66, "data: holds neither train-images-idx3-ubyte nor", train_images=None)

    def test_missing_labels(self):
        self.check(66, "data: holds neither train-labels-idx1-ubyte nor", train_labels=None)

    def test_truncated(self):
        pattern = "train-images-idx3-ubyte: truncated: it ends at byte 100"
        self.check(65, pattern, train_images=samples.images(40)[:100])

    def test_truncated_header(self):
        self.check(65, "truncated: it ends at byte 7", train_images=samples.images(40)[:7])

    def test_empty(self):
        self.check(65, "train-images-idx3-ubyte: empty", train_images=b"")

    def test_wrong_magic(self):
        pattern = "magic number 0x89504e47 at byte 0 is not that of an IDX file"
        self.check(65, pattern, train_images=b"\x89PNG" + bytes(700))

    def test_swapped_files(self):
        pattern = "train-images-idx3-ubyte: .*are the two files swapped"
        self.check(
            65, pattern, train_images=samples.labels([1] * 40), train_labels=samples.images(40)
        )

    def test_oversized(self):
        self.check(65, "oversized: 3 bytes follow", train_images=samples.images(40) + b"abc")

    def test_sizes_that_overflow(self):
        header = struct.pack(">IIII", 0x803, *[0xFFFFFFFF] * 3)
        self.check(65, "multiply to more than memory can address", train_images=header + bytes(9))

    def test_counts_differ(self):
        self.check(65, "40 images, but 39 labels", train_labels=samples.labels([1] * 39))

    def test_label_out_of_range(self):
        wrong = [i % 10 for i in range(39)] + [10]
        pattern = "data/train-labels-idx1-ubyte: label 10 of sample 39 is out of range: .*mend"
        self.check(65, pattern, train_labels=samples.labels(wrong))

    def test_gzip_bomb(self):
        self.check(65, "oversized: it unpacks to more than", train_images=samples.gzip_bomb())

    def test_truncated_gzip(self):
        packed = gzip.compress(samples.images(40))
        self.check(65, "truncated: its gzip data", train_images=packed[: len(packed) // 2])

    def test_limit_that_leaves_no_validation(self):
        folder = samples.write_folder(self.path("data"))
        self.refuse(2, "validation", "train", "--data", folder, "--limit", "1")


class BadModel(ProgramTest):
    FIT = r"samples of shape \(4, 4\), but the model takes \(28, 28\)"

    def test_missing(self):
        for command in ["evaluate", "predict", "summary", "config"]:
            with self.subTest(command=command):
                self.refuse(66 if HAS_HDF5 else 1, "none.hdf5", command, "none.hdf5")

    def test_missing_to_go_on_from(self):
        self.refuse(66 if HAS_HDF5 else 1, "none.hdf5", "train", "--model", "none.hdf5")

    @needs_hdf5
    def test_no_model_file(self):
        self.refuse(65, "m.hdf5", "summary", self.write("m.hdf5", b"\x00\x01\x02\x03" * 100))

    def test_config_that_is_no_json(self):
        self.refuse(65, "m.json: ", "summary", self.write("m.json", '{"class_name": '))

    def test_config_with_a_zero_byte(self):
        self.refuse(65, "m.json: a byte 0", "summary", self.write("m.json", '{"a": "\0"}'))

    def test_config_with_an_unknown_layer(self):
        config = (
            '{"name": "m", "layers": [{"class_name": "Conv2D", "config": '
            '{"batch_input_shape": [null, 4, 4]}}]}'
        )
        self.refuse(65, "m.json: .*Conv2D", "summary", self.write("m.json", config))

    def test_config_has_no_weights_to_evaluate(self):
        config = (
            '{"name": "m", "layers": [{"class_name": "InputLayer", "config": '
            '{"batch_input_shape": [null, 4, 4], "name": "in"}}, {"class_name": "Flatten", '
            '"config": {"name": "f"}}, {"class_name": "Dense", "config": {"name": "d", '
            '"units": 10, "activation": "softmax"}}]}'
        )
        path = self.write("m.json", config)
        self.refuse(65, "m.json: is a config, which has no weights", "evaluate", path)

    @needs_hdf5
    def test_shapes_that_do_not_fit_the_data(self):
        folder = samples.write_folder(self.path("data"))
        self.succeed("train", *SMALL, "--save", "m.hdf5")
        for command in ["evaluate", "predict"]:
            with self.subTest(command=command):
                self.refuse(65, self.FIT, command, "m.hdf5", "--data", folder)
        self.refuse(65, self.FIT, "train", "--model", "m.hdf5", "--data", folder, "--epochs", "3")

    @needs_hdf5
    def test_nothing_left_to_train(self):
        self.succeed("train", *SMALL, "--save", "m.hdf5")
        pattern = "--epochs 2: m.hdf5 has trained 2 already"
        self.refuse(2, pattern, "train", *SMALL, "--model", "m.hdf5")
        self.refuse(
            2, "--seed does not go with", "train", *SMALL, "--model", "m.hdf5", "--seed", "1"
        )


@needs_hdf5
class Unwritable(ProgramTest):
    """Places that cannot be written to are found before the first epoch, or nothing is left."""

    def test_missing_folder(self):
        for option in ["--save", "--checkpoint"]:
            with self.subTest(option=option):
                self.refuse(74, "none/m.hdf5", "train", *SMALL, option, "none/m.hdf5")

    def test_folder_without_permission(self):
        if os.geteuid() == 0:
            place = "/proc/m.hdf5"  # root may write anywhere, but not there
        else:
            os.mkdir(self.path("closed"), 0o500)
            place = "closed/m.hdf5"
        for option in ["--save", "--checkpoint"]:
            with self.subTest(option=option):
                self.refuse(74, place, "train", *SMALL, option, place)

    def test_other_extension(self):
        for option in ["--save", "--checkpoint"]:
            with self.subTest(option=option):
                self.refuse(2, "model.txt", "train", *SMALL, option, "model.txt")

    def test_disk_full(self):
        """The old file stays whole, and no temporary one is left."""
        old = self.write("m.hdf5", "old content")

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        result = self.run_program(
            "train", *SMALL, "--quiet", "--save", "m.hdf5", preexec_fn=small_files
        )
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertRegex(result.stderr, "m.hdf5: ")
        self.assertEqual(os.listdir(self.folder), ["m.hdf5"])
        with open(old) as file:
            self.assertEqual(file.read(), "old content")

    def test_full_file_system(self):
        place = self.path("small")
        os.mkdir(place)
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("mounting a small file system needs root")
        self.addCleanup(subprocess.run, ["umount", place])
        result = self.run_program("train", *SMALL, "--quiet", "--save", "small/m.hdf5")
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertRegex(result.stderr, "small/m.hdf5: .*[Nn]o space")
        self.assertEqual(os.listdir(place), [])


class Loss(ProgramTest):
    DIVERGING = [*SMALL, "--optimizer", "sgd", "--learning-rate", "1e20", "--rescale", "1"]

    def test_nan_has_no_sign_in_text(self):
        save = ["--save", "m.hdf5"] if HAS_HDF5 else []
        results = [self.succeed("train", *self.DIVERGING, *save)]
        self.assertRegex(results[0].stdout, r"(?m)^loss +nan +accuracy ")
        self.assertIn(" - loss: nan", results[0].stderr)
        if HAS_HDF5:
            for command in ["evaluate", "predict"]:
                data = ["--data", "synthetic", "--limit", "100"]
                results.append(self.succeed(command, "m.hdf5", *data))
                self.assertIn(" nan", results[-1].stdout)
        for result in results:
            self.assertNotIn("-nan", result.stdout + result.stderr)

    def test_nan_is_said_once_and_is_null_in_json(self):
        result = self.succeed("train", *self.DIVERGING, "--json", "--quiet")
        self.assertEqual(result.stderr.count("NaN"), 1, result.stderr)
        self.assertIn('"loss": null', result.stdout)
        self.assertNotIn("NaN", result.stdout)


class Output(ProgramTest):
    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            result = self.run_program("train", *SMALL, "--quiet", stdout=full)
        self.assertEqual(result.returncode, 74)
        self.assertRegex(result.stderr, "cannot write the results to standard output: No space")

    def test_closed_descriptors(self):
        """No file of the program's own gets their numbers, and with them what is printed."""
        save = ["--save", "m.hdf5"] if HAS_HDF5 else []
        for closed in ([0], [1], [2], [0, 1], [0, 1, 2]):
            result = self.run_program(
                *["train", *SMALL, *save],
                preexec_fn=lambda: [os.close(number) for number in closed],
            )
            self.assertEqual(result.returncode, 74 if 1 in closed else 0, result.stderr)
            if HAS_HDF5:
                summary = self.run_program(
                    *["summary", "m.hdf5"],
                    preexec_fn=lambda: [os.close(number) for number in closed],
                )
                self.assertEqual(summary.returncode, result.returncode, summary.stderr)
                self.assertEqual(self.succeed_json("summary", "m.hdf5")["epochs"], 2)
                os.remove(self.path("m.hdf5"))

    def test_reader_that_left(self):
        read, write = os.pipe()
        os.close(read)
        result = self.run_program("--help", stdout=write)
        os.close(write)
        self.assertEqual(result.returncode, -13, "ends as others do, by SIGPIPE")
        self.assertEqual(result.stderr, "")

    def test_progress_that_nobody_reads_does_not_end_the_training(self):
        read, write = os.pipe()
        os.close(read)
        result = self.run_program("train", *SMALL, stderr=write)
        os.close(write)
        self.assertEqual(result.returncode, 0)
        self.assertIn("weights digest", result.stdout)


if __name__ == "__main__":
    unittest.main()
