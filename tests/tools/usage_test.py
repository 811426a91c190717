"""Command lines that make no sense: one line, exit status 2; and the help texts."""

import unittest

from program import SMALL, ProgramTest


class UsageErrors(ProgramTest):
    cases = [
        ([], "a command is missing"),
        (["tran"], "unknown command 'tran', did you mean train\\?"),
        (["xyzzy"], "unknown command 'xyzzy' "),
        (["--version", "train"], "unexpected argument 'train' "),
        (["--completion", "bash"], "unexpected argument 'bash' "),
        (["--help", "tran"], "unknown command 'tran', did you mean train\\?"),
        (["help", "--version"], "unknown command '--version'"),
        (["help", "train", "evaluate"], "unexpected argument 'evaluate' "),
        (["train", "--batch_size", "3"], "unknown option --batch_size, did you mean --batch-size"),
        (["train", "--epcohs", "3"], "unknown option --epcohs, did you mean --epochs"),
        (["train", "--learning", "3"], "did you mean --learning-rate"),
        (["train", "--qqqqqqqq"], "unknown option --qqqqqqqq "),
        (["train", "-e", "3"], "unknown option -e: options are written --name"),
        (["evaluate", "m.hdf5", "--epochs", "3"], "unknown option --epochs"),
        (["train", "extra"], "unexpected argument 'extra'"),
        (["evaluate", "a", "b"], "unexpected argument 'b'"),
        (["evaluate"], "wants a model file"),
        (["train", "--epochs"], "--epochs wants a value: --epochs N"),
        (["train", "--epochs", "--json"], "--epochs wants a value"),
        (["train", "--json=yes"], "--json takes no value"),
        (["train", "--save="], "--save wants FILE"),
        (["train", "--batch-size", "0"], "--batch-size 0: must be a whole number from 1"),
        (["train", "--batch-size", "-1"], "--batch-size -1: must be a whole number"),
        (["train", "--batch-size", "1.5"], "--batch-size 1.5: must be a whole number"),
        (["train", "--epochs", "0"], "--epochs 0: must be"),
        (["train", "--limit", "0"], "--limit 0: must be"),
        (["train", "--seed", "4294967296"], "--seed 4294967296: must be .* to 4294967295"),
        (["train", "--seed", "99999999999999999999"], "--seed 9+: must be"),
        (["train", "--threads", "0"], "--threads 0: must be .* or auto"),
        (["train", "--threads", "many"], "--threads many: must be .* or auto"),
        (["train", "--validation-split", "1"], "--validation-split 1: must be from 0 to below 1"),
        (["train", "--validation-split", "-0.1"], "--validation-split -0.1: must be"),
        (["train", "--validation-split", "nan"], "--validation-split nan: is not a number"),
        (["train", "--learning-rate", "inf"], "--learning-rate inf: is not a number"),
        (["train", "--learning-rate", "0x1p3"], "--learning-rate 0x1p3: is not a number"),
        (["train", "--learning-rate", "1/0"], "--learning-rate 1/0: is not a number"),
        (["train", "--learning-rate", "0.1x"], "is not a number"),
        (["train", "--rescale", "0"], "--rescale 0 leaves nothing"),
        (["train", "--isa", "sse"], "--isa sse: must be one of auto\\|scalar\\|avx2"),
        (["train", "--bind", "yes"], "--bind yes: must be one of auto\\|none"),
        (["train", "--optimizer", "lion"], "--optimizer lion: must be one of adam\\|sgd"),
        (["train", "--loss", "mse"], "--loss mse: must be one of sparse_categorical_crossentropy"),
        (["train", "--model", "m.h5", "--loss", "nonsense"], "--loss nonsense: must be one of"),
        (["train", "--momentum", "0.9"], "--momentum is an option of --optimizer sgd"),
        (["train", "--optimizer", "sgd", "--beta-1", "0.9"], "--beta-1 is an option of .* adam"),
        (["train", "--optimizer", "sgd", "--nesterov"], "--nesterov needs a --momentum"),
        (["train", "--model", "m", "--net", "dense 10"], "--model and --net do not go together"),
        (["train", "--model", "m", "--rescale", "1"], "--model and --rescale do not go"),
        (["train", "--explain", "--json"], "--explain and --json do not go together"),
        (["train", "--early-stopping", "speed"], 'no metric "speed" to monitor; known: loss, acc'),
        (["train", "--early-stopping", "loss,patience"], "patience wants a number"),
        (["train", "--early-stopping", "loss,patience=-1"], "patience wants a number"),
        (["train", "--early-stopping", "loss,patience=1.5"], "patience=1.5 must be a whole"),
        (["train", "--early-stopping", "loss,hope=1"], "'hope' is not one of patience=N"),
        (
            ["train", *SMALL, "--early-stopping", "val_loss", "--validation-split", "0"],
            "early stopping monitors val_loss, but there is no validation data",
        ),
        (
            ["train", *SMALL, "--early-stopping", "accuracy", "--metrics", "none"],
            "early stopping monitors accuracy, but model .* compiled without the metric accuracy",
        ),
        (["train", "--checkpoint", "x.h5,best"], "'best' is not one of monitor=NAME"),
        (
            ["train", "--checkpoint", "x.h5,monitor=speed,save_best_only"],
            'checkpoint: no metric "speed" to monitor; known: loss',
        ),
    ]

    def test_one_line_and_status_2(self):
        for arguments, pattern in self.cases:
            with self.subTest(arguments=arguments):
                self.refuse(2, pattern, *arguments)

    net_cases = [
        ("", "--net wants SPEC"),
        (";", "at character 1: a layer is missing"),
        ("dense 10;; dense 10", "at character 10: a layer is missing"),
        ("conv 3", "at character 1: 'conv' is no layer; known are dense, dropout"),
        ("dense 256 relu; dens 10", "at character 17: 'dens' is no layer"),
        ("dense", "at character 1: dense is incomplete: dense UNITS"),
        ("dense many", "at character 7: 'many' is not a number"),
        ("dense 0", "at character 7: units must be a whole number from 1"),
        ("dense 2.5", "at character 7: units must be"),
        ("dense 10 relu relu", "at character 15: 'relu' is too much"),
        ("dense 10 a b c", "at character 14: too much for one layer"),
        ("dropout 1", "at character 9: a dropout rate is from 0 to below 1"),
        ("dense 10 softmaxx", "at character 1: .*softmaxx"),
    ]

    def test_net_names_the_position(self):
        for net, pattern in self.net_cases:
            with self.subTest(net=net):
                self.refuse(2, pattern, "train", "--data", "synthetic", "--net", net)


class Help(ProgramTest):
    commands = ["train", "evaluate", "predict", "summary", "config", "topology", "selftest"]

    def test_every_help_has_examples_before_options(self):
        for arguments in [["--help"], ["-h"], *([c, "--help"] for c in self.commands)]:
            with self.subTest(arguments=arguments):
                out = self.succeed(*arguments).stdout
                self.assertLess(out.index("Examples:"), out.index("Options:"))
                self.assertIn("Exit status:", out)
                self.assertLessEqual(max(map(len, out.splitlines())), 100)

    def test_help_wins_over_what_follows(self):
        self.assertIn("Usage: pinion train", self.succeed("train", "--help", "--nonsense").stdout)

    def test_help_of_a_command_in_either_order(self):
        for command in self.commands:
            with self.subTest(command=command):
                text = self.succeed(command, "--help").stdout
                self.assertEqual(self.succeed("help", command).stdout, text)
                self.assertEqual(self.succeed("--help", command).stdout, text)
        self.assertIn("pinion-bench", self.succeed("help", "bench").stdout)

    def test_version(self):
        self.assertRegex(self.succeed("--version").stdout, r"^pinion \d+\.\d+\.\d+, recipe \d+\n$")


if __name__ == "__main__":
    unittest.main()
