"""What a person at a terminal sees: the bar that rewrites its line, and colour or none."""

import re
import unittest

from program import SMALL, ProgramTest


class Terminal(ProgramTest):
    def show(self, columns=120, **changes):
        """Standard error of a training as a terminal of that width receives it."""
        return self.run_on_terminal("train", *SMALL, columns=columns, **changes)

    def test_bar(self):
        text = self.show()
        self.assertIn("Epoch 1/2\r\n", text)
        last = [line for line in text.split("\r") if "val_loss" in line][-1]
        bar = "\033[1m16/16\033[0m \033[32m" + "━" * 20 + "\033[37m\033[0m \033[1m"
        self.assertTrue(last.startswith(bar), last)
        plain = re.sub(r"\033\[[0-9]*[mK]", "", last)
        value = r"\d+\.\d{4}"
        self.assertRegex(
            plain,
            rf"^16/16 ━{{20}} \d+s \d+[mu]?s/step - accuracy: {value} - loss: {value} "
            rf"- val_accuracy: {value} - val_loss: {value}$",
        )

    def test_running_bar_keeps_to_one_line(self):
        text = re.sub(r"\033\[[0-9]*[mK]", "", self.show(columns=40))
        running = re.findall(r"\r( *\d+/16 [^\r\n]*)(?=\r(?!\n))", text)
        self.assertTrue(running, text)
        self.assertLess(max(map(len, running)), 40)

    def test_no_color(self):
        text = self.show(NO_COLOR="1")
        self.assertNotRegex(text, r"\033\[[0-9]*m")
        self.assertIn("16/16 " + "━" * 20 + " ", text)

    def test_empty_no_color_means_color(self):
        self.assertRegex(self.show(NO_COLOR=""), r"\033\[32m")

    def test_dumb_terminal_gets_lines(self):
        text = self.show(TERM="dumb")
        self.assertNotIn("\033", text)
        self.assertRegex(text, r"Epoch 2/2 - \d+s - ")

    def test_ascii_locale(self):
        text = self.show(LC_ALL="C")
        self.assertTrue(text.isascii())
        self.assertIn("=" * 20, text)


if __name__ == "__main__":
    unittest.main()
