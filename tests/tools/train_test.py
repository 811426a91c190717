"""What train, evaluate, predict, summary and config do and print."""

import json
import math
import os
import re
import unittest

import samples
from program import SMALL, ProgramTest, needs_hdf5

SOURCE = os.environ["PINION_SOURCE"]

EPOCH_KEYS = [
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "seconds",
    "samples_per_second",
    "val_seconds",
]
KEYS = [
    "schema",
    "version",
    "recipe",
    "isa",
    "threads",
    "placement",
    "seed",
    "epochs",
    "stopped_epoch",
    "interrupted",
    "best",
    "weights_digest",
    "seconds",
    "peak_rss_bytes",
]


class TrainJson(ProgramTest):
    def test_keys_and_values(self):
        result = self.succeed_json("train", *SMALL, "--threads", "1")
        self.assertEqual(list(result), KEYS)
        self.assertEqual(result["schema"], 1)
        self.assertEqual(result["threads"], {"requested": 1, "active": 1})
        self.assertEqual(result["seed"], 42)
        self.assertIsNone(result["stopped_epoch"])
        self.assertIsNone(result["interrupted"])
        self.assertEqual(result["best"], {"epoch": None, "file": None})
        self.assertEqual(list(result["seconds"]), ["load", "plan", "fit"])
        self.assertRegex(result["weights_digest"], "^[0-9a-f]{32}$")
        self.assertGreater(result["peak_rss_bytes"], 1 << 20)
        self.assertEqual([e["epoch"] for e in result["epochs"]], [1, 2])
        for epoch in result["epochs"]:
            self.assertEqual(list(epoch), EPOCH_KEYS)
            self.assertTrue(all(math.isfinite(v) for v in epoch.values()))
            rate = 800 / epoch["seconds"]
            self.assertAlmostEqual(epoch["samples_per_second"] / rate, 1, places=3)

    def test_auto_threads_are_null(self):
        self.assertIsNone(self.succeed_json("train", *SMALL)["threads"]["requested"])

    def test_without_validation(self):
        epochs = self.succeed_json("train", *SMALL, "--validation-split", "0")["epochs"]
        self.assertIsNone(epochs[0]["val_loss"])
        self.assertIsNone(epochs[0]["val_accuracy"])

    def test_it_learns(self):
        epochs = self.succeed_json("train", *SMALL, "--epochs", "6")["epochs"]
        self.assertLess(epochs[-1]["val_loss"], 0.7 * epochs[0]["val_loss"])


class Digests(ProgramTest):
    def digest(self, *arguments):
        return self.succeed_json("train", *SMALL, *arguments)["weights_digest"]

    def test_same_run_same_bits(self):
        self.assertEqual(self.digest("--threads", "1"), self.digest("--threads", "3"))
        self.assertEqual(self.digest("--isa", "scalar"), self.digest("--bind", "none"))

    def test_no_option_is_a_no_op(self):
        variants = [
            [],
            ["--seed", "43"],
            ["--shuffle", "off"],
            ["--epochs", "3"],
            ["--batch-size", "49"],
            ["--limit", "999"],
            ["--validation-split", "0.3"],
            ["--learning-rate", "0.002"],
            ["--beta-1", "0.8"],
            ["--beta-2", "0.99"],
            ["--epsilon", "1e-3"],
            ["--rescale", "1/128"],
            ["--optimizer", "sgd"],
            ["--optimizer", "sgd", "--learning-rate", "0.1"],
            ["--optimizer", "sgd", "--momentum", "0.9"],
            ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov"],
            ["--net", "dense 256 relu; dropout 0.3; dense 10 softmax"],
            ["--net", "dense 256 relu; dense 10 softmax"],
            ["--net", "dense 256 tanh; dropout 0.2; dense 10 softmax"],
        ]
        digests = {self.digest(*variant): variant for variant in variants}
        self.assertEqual(len(digests), len(variants), "two variants gave the same weights")

    def test_fractions_and_default_spellings(self):
        net = "dense 256 relu;dropout 1/5 ; dense 10 softmax;"
        self.assertEqual(self.digest(), self.digest("--net", net, "--rescale", "1/255"))
        self.assertEqual(self.digest(), self.digest("--optimizer=adam", "--learning-rate=1e-3"))


class TrainText(ProgramTest):
    def test_one_line_for_each_epoch_without_a_terminal(self):
        result = self.succeed("train", *SMALL)
        lines = [line for line in result.stderr.splitlines() if line.startswith("Epoch")]
        self.assertEqual(len(lines), 2)
        value = r"\d+\.\d{4}"
        self.assertRegex(
            lines[1],
            rf"^Epoch 2/2 - \d+s - \d+[mu]?s/step - accuracy: {value} - loss: {value} "
            rf"- val_accuracy: {value} - val_loss: {value}$",
        )
        self.assertNotIn("\033", result.stderr)
        self.assertNotIn("\r", result.stderr)
        self.assertRegex(result.stdout, r"weights digest  [0-9a-f]{32}\n")

    def test_quiet(self):
        self.assertEqual(self.succeed("train", *SMALL, "--quiet").stderr, "")

    def test_metrics_none(self):
        text = self.succeed("train", *SMALL, "--metrics", "none").stdout
        self.assertNotIn("accuracy", text)
        self.assertNotRegex(text, "(?m) $")

    def test_explain_trains_nothing(self):
        result = self.succeed("train", *SMALL, "--explain")
        self.assertIn("dense", result.stdout)
        self.assertNotIn("Epoch", result.stderr)
        steps = [s for s in result.stdout.splitlines() if re.match(r" {2,3}\d+  ", s)]
        self.assertGreater(len(steps), 3)
        for step in steps:
            self.assertRegex(step, r"^ {2}[ \d]\d  .{22}  \w")

    def test_wide_steps_of_small_batches_go_by_columns(self):
        network = ["--data", "synthetic", "--net", "dense 64 relu; dense 10 softmax", "--explain"]
        for threads, batch, expected in ("2", "16", 1), ("2", "480", 0), ("1", "16", 0):
            with self.subTest(threads=threads, batch=batch):
                plan = self.succeed(
                    "train", *network, "--threads", threads, "--batch-size", batch
                ).stdout
                self.assertEqual(plan.count(", by columns"), expected, plan)

    def test_two_steps_by_columns_change_no_bit(self):
        network = ["--data", "synthetic", "--net", "dense 512 relu; dense 512 relu; dense 10 softmax"]
        plan = self.succeed("train", *network, "--threads", "2", "--explain").stdout
        self.assertEqual(plan.count(", by columns"), 2, plan)
        digests = {
            self.succeed_json("train", *network, "--limit", "100", "--epochs", "1", "--threads", n)[
                "weights_digest"
            ]
            for n in ("1", "2", "3", "5")
        }
        self.assertEqual(len(digests), 1)

    def test_early_stopping(self):
        stop = ["--early-stopping", "val_loss,min_delta=100"]
        result = self.succeed_json("train", *SMALL, "--epochs", "9", *stop)
        self.assertEqual(result["stopped_epoch"], 2)
        self.assertEqual(len(result["epochs"]), 2)
        patient = self.succeed_json("train", *SMALL, "--epochs", "9", stop[0], stop[1] + ",patience=3")
        self.assertEqual(patient["stopped_epoch"], 4)

    def test_restored_best_weights(self):
        one = self.succeed_json("train", *SMALL, "--epochs", "1")
        stop = ["--early-stopping", "val_loss,min_delta=100,restore_best"]
        restored = self.succeed_json("train", *SMALL, "--epochs", "9", *stop)
        self.assertEqual(restored["best"], {"epoch": 1, "file": None})
        self.assertEqual(restored["weights_digest"], one["weights_digest"])

    def test_poisoned_validation_labels_show_in_validation_only(self):
        """The last fifth of the samples is what validation sees, and training does not."""
        count = 200
        good = [i % 10 for i in range(count)]
        poisoned = good[:160] + [(label + 1) % 10 for label in good[160:]]

        def bright_by_class(labels):
            pixels = b"".join(bytes(255 if p == c else 0 for p in range(16)) for c in labels)
            return samples.images(len(labels))[:16] + pixels

        runs = []
        for name, labels in [("good", good), ("poisoned", poisoned)]:
            folder = samples.write_folder(
                self.path(name),
                train_images=bright_by_class(good),
                train_labels=samples.labels(labels),
            )
            run = ["--data", folder, "--epochs", "30", "--batch-size", "10"]
            runs.append(self.succeed_json("train", *run)["epochs"][-1])
        self.assertEqual(runs[0]["loss"], runs[1]["loss"])
        self.assertEqual(runs[0]["val_accuracy"], 1)
        self.assertEqual(runs[1]["val_accuracy"], 0)


@needs_hdf5
class Models(ProgramTest):
    def test_save_evaluate_predict(self):
        trained = self.succeed_json("train", *SMALL, "--save", "m.hdf5")
        data = ["--data", "synthetic"]
        evaluated = self.succeed_json("evaluate", "m.hdf5", *data)
        self.assertEqual(list(evaluated), ["loss", "accuracy", "samples"])
        self.assertEqual(evaluated["samples"], 10000)
        self.assertEqual(self.succeed_json("evaluate", "m.hdf5", *data, "--isa", "scalar"), evaluated)
        self.assertEqual(
            self.succeed_json("evaluate", "m.hdf5", *data, "--limit", "7")["samples"], 7
        )
        text = self.succeed("evaluate", "m.hdf5", *data).stdout
        self.assertIn(f"accuracy        {evaluated['accuracy']:.4f}\n", text)

        rows = self.succeed_json("predict", "m.hdf5", *data, "--limit", "20")["predictions"]
        self.assertEqual(len(rows), 20)
        for row in rows:
            self.assertAlmostEqual(sum(row["probabilities"]), 1, places=5)
            self.assertEqual(row["class"], row["probabilities"].index(max(row["probabilities"])))
        text = self.succeed("predict", "m.hdf5", *data, "--limit", "20").stdout.splitlines()
        self.assertEqual([int(line.split()[1]) for line in text[1:]], [r["class"] for r in rows])

        summary = self.succeed_json("summary", "m.hdf5")
        self.assertEqual(summary["weights_digest"], trained["weights_digest"])
        self.assertEqual((summary["parameters"], summary["epochs"], summary["steps"]), (203530, 2, 32))
        self.assertEqual(self.succeed("summary", "m.hdf5").stdout, summary["summary"])

    def test_config_makes_the_same_network(self):
        first = self.succeed_json("train", *SMALL, "--save", "m.hdf5")
        config = self.succeed("config", "m.hdf5", "--json").stdout
        self.assertEqual(len(config.splitlines()), 1)
        self.assertEqual(json.loads(config), json.loads(self.succeed("config", "m.hdf5").stdout))
        self.write("m.json", config)
        again = self.succeed_json("train", *SMALL, "--model", "m.json")
        self.assertEqual(again["weights_digest"], first["weights_digest"])

    def test_going_on_is_the_same_as_never_stopping(self):
        for optimizer in [["adam"], ["sgd", "--momentum", "0.9"]]:
            with self.subTest(optimizer=optimizer):
                chosen = ["--optimizer", *optimizer]
                whole = self.succeed_json("train", *SMALL, *chosen, "--epochs", "5")
                self.succeed("train", *SMALL, *chosen, "--epochs", "2", "--save", "m.hdf5")
                rest = self.succeed_json("train", *SMALL, "--model", "m.hdf5", "--epochs", "5")
                self.assertEqual([e["epoch"] for e in rest["epochs"]], [3, 4, 5])
                self.assertEqual(rest["weights_digest"], whole["weights_digest"])

    def test_going_on_with_another_learning_rate_keeps_the_moments(self):
        self.succeed("train", *SMALL, "--save", "m.hdf5")
        go_on = ["train", *SMALL, "--model", "m.hdf5", "--epochs", "3"]
        digests = {
            self.succeed_json(*go_on, *more)["weights_digest"]
            for more in [
                [],
                ["--learning-rate", "0.002"],
                ["--optimizer", "adam", "--learning-rate", "0.002"],
            ]
        }
        self.assertEqual(len(digests), 3)
        same = self.succeed_json(*go_on, "--learning-rate", "0.001")
        self.assertIn(same["weights_digest"], digests)

    def test_going_on_with_other_metrics_compiles_anew_and_says_so(self):
        self.succeed("train", *SMALL, "--save", "m.hdf5")
        anew = self.succeed(
            "train", *SMALL, "--model", "m.hdf5", "--epochs", "3", "--metrics", "none"
        )
        self.assertIn("the optimizer's state is lost", anew.stderr)
        self.assertNotIn("accuracy", anew.stdout)

    def test_an_optimizer_that_pinion_lacks_is_not_replaced_unasked(self):
        folder = samples.write_folder(
            self.path("data"), train_labels=samples.labels([i % 3 for i in range(40)])
        )
        sample = os.path.join(SOURCE, "tests/format/data/tiny_portable_no_optimizer.h5")
        with open(sample, "rb") as file:
            content = file.read()
        adam = b'"class_name": "Adam"'
        self.assertEqual(content.count(adam), 1)
        self.write("m.h5", content.replace(adam, b'"class_name": "Nope"'))
        run = ["train", "--data", folder, "--model", "m.h5", "--epochs", "1"]
        refused = self.run_program(*run)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("Nope is not known", refused.stderr)
        self.assertIn("m.h5 brings no training set-up that pinion takes", refused.stderr)
        self.succeed(*run, "--optimizer", "sgd")

    def test_what_a_model_is_compiled_without_is_not_watched(self):
        self.succeed("train", *SMALL, "--metrics", "none", "--save", "m.hdf5")
        run = ["train", *SMALL, "--model", "m.hdf5", "--epochs", "4"]
        for option, value in [
            ("--early-stopping", "val_accuracy"),
            ("--checkpoint", "c.hdf5,save_best_only,monitor=accuracy"),
        ]:
            with self.subTest(option=option):
                self.refuse(2, "compiled without the metric accuracy", *run, option, value)

    def test_checkpoint_keeps_the_best_epoch(self):
        keep = ["--checkpoint", "best.hdf5,monitor=val_loss,save_best_only"]
        run = self.succeed_json("train", *SMALL, "--epochs", "6", *keep)
        losses = [e["val_loss"] for e in run["epochs"]]
        best = losses.index(min(losses)) + 1
        self.assertEqual(run["best"], {"epoch": best, "file": "best.hdf5"})
        self.assertEqual(self.succeed_json("summary", "best.hdf5")["epochs"], best)

    def test_checkpoint_each_epoch(self):
        run = self.succeed_json("train", *SMALL, "--checkpoint", "last.h5")
        self.assertEqual(run["best"], {"epoch": None, "file": None})
        self.assertEqual(self.succeed_json("summary", "last.h5")["epochs"], 2)
        self.assertEqual(os.listdir(self.folder), ["last.h5"])


class Machine(ProgramTest):
    def test_topology_prints_and_trains_nothing(self):
        self.assertIn("core", self.succeed("topology").stdout)

    def test_selftest(self):
        out = self.succeed("selftest").stdout
        self.assertIn("scalar", out)
        self.assertNotIn("FAIL", out)

    def test_isa_that_does_not_run_here(self):
        other = "neon" if os.uname().machine == "x86_64" else "avx2"
        self.refuse(2, other, "train", *SMALL, "--isa", other)


if __name__ == "__main__":
    unittest.main()
