#!/usr/bin/env python3
"""Writes stats_vectors.h: what NumPy, SciPy and asv make of fixed inputs, for tests/bench/stats.c
and tests/bench/rivals.c.

Run, in an environment of its own, from this folder:
    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install numpy scipy asv==0.6.4
    /tmp/vectors/bin/python stats_vectors.py > stats_vectors.h && clang-format -i stats_vectors.h
Where no library has the function, the formula is in this file, in whole numbers where that can be.
"""

from fractions import Fraction
from importlib.metadata import version
import math

import asv.statistics
import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(5)

print(f"""/* Written by stats_vectors.py.
 * NumPy {np.__version__}, SciPy {scipy.__version__}, asv {version("asv")}. */
#ifndef PINION_TESTS_BENCH_STATS_VECTORS_H
#define PINION_TESTS_BENCH_STATS_VECTORS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
""")


def number(value):
    return repr(float(value)) if math.isfinite(value) else ("-" if value < 0 else "") + "INFINITY"


def array(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


def table(name, fields, rows):
    """fields: of one row, in C."""
    print(f"static const struct {name} {{{fields}}} {name}[] = {{")
    for row in rows:
        print("    {" + ", ".join(row) + "},")
    print("};\n")


def sample(values):
    values = [float(f"{v:.6g}") for v in values]
    return values, f"{len(values)}, {array(values)}"


def times(count, location=100, spread=3, digits=6):
    """Like times: skewed to the right; few digits give ties."""
    return [float(f"{v:.{digits}g}") for v in location + spread * rng.gamma(2, size=count)]


# Samples of times; quantiles, mean and deviation.
rows = []
for values in (
    [7],
    [3, 1],
    [2, 2, 9],
    [5, -1, 5, 0],
    times(10),
    times(10, digits=2),
    times(31),
    times(32),
    times(64, digits=3),
):
    values, text = sample(values)
    ps = [0, 0.025, 0.1, 0.25, 0.5, 0.77, 0.9, 1]
    rows.append(
        (
            text,
            number(np.mean(values)),
            number(stats.median_abs_deviation(values)),
            array(ps),
            array(np.quantile(values, ps, method="linear")),
        )
    )
table("sample_vectors", "size_t count; double values[64], mean, mad, p[8], quantiles[8];", rows)

# Interval of the median: how many values are left out at each end, in whole numbers.
rows = []
for confidence in (Fraction(9, 10), Fraction(19, 20), Fraction(99, 100)):
    for count in [*range(1, 41), 100, 333, 1000, 5000]:
        tail, left_out = 0, -1
        for rank in range(count):
            tail += math.comb(count, rank)
            if 2 * tail > (1 - confidence) * 2**count:
                break
            left_out = rank
        rows.append((str(count), number(confidence), str(max(left_out, 0))))
table("interval_vectors", "size_t count; double confidence; size_t left_out;", rows)

rows = []
for df in (1, 2, 3, 5.5, 11, 30, 47, 200, 12345, 1e6):
    for t in (-40, -2.5, -0.1, 0, 1e-6, 0.3, 1, 2.2, 4.5, 12, 60, 1e5):
        rows.append((number(t), number(df), number(stats.t.sf(t, df))))
table("t_tail_vectors", "double t, df, p;", rows)
rows = []
for df in (1, 2, 3, 5.5, 11, 30, 47, 200, 12345):
    for p in (1e-10, 1e-4, 0.002, 0.01, 0.025, 0.3, 0.4999, 0.5, 0.6, 0.9, 0.975, 0.99, 0.9995):
        rows.append((number(p), number(df), number(stats.t.ppf(p, df))))
table("t_quantile_vectors", "double p, df, t;", rows)

rows = []
for trials in (1, 2, 5, 12, 59, 60, 299, 29900):
    for successes in sorted({0, 1, trials // 7, trials // 2, trials - 1, trials}):
        for confidence in (0.9, 0.95, 0.99):
            # By the beta distribution: binomtest finds its bounds to 2e-12 only.
            tail = (1 - confidence) / 2
            low = stats.beta.ppf(tail, successes, trials - successes + 1) if successes > 0 else 0
            high = (
                stats.beta.isf(tail, successes + 1, trials - successes) if successes < trials else 1
            )
            interval = stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
            assert math.isclose(low, interval.low, abs_tol=1e-11) and math.isclose(
                high, interval.high, abs_tol=1e-11
            )
            rows.append(
                (str(successes), str(trials), number(confidence), number(low), number(high))
            )
table("clopper_pearson_vectors", "size_t successes, trials; double confidence, low, high;", rows)


def sign_flip(values, margin):
    """Values and margin are whole numbers: the sums of all flips are counted, none is rounded."""
    values = [v - margin for v in values]
    counts = {0: 1}
    for v in values:
        grown = {}
        for s, ways in counts.items():
            for signed in (s + v, s - v):
                grown[signed] = grown.get(signed, 0) + ways
        counts = grown
    observed = sum(values)
    return Fraction(sum(ways for s, ways in counts.items() if s >= observed), 2 ** len(values))


def sign_flip_scipy(values):
    return stats.permutation_test(
        (np.array(values, float),),
        np.mean,
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
    ).pvalue


rows = []
for values, margin in (
    ([3], 0),
    ([-3], 0),
    ([0], 0),
    ([3, 5], 0),
    ([3, -5], 0),
    ([5, -3], 0),
    ([1, 1, 1], 1),
    ([2, 2, 2, 2, 2, 2, 2], 0),
    ([10, 12, 9, 14, -2, 8, 11, 7, 13, 3, 5, 6], 0),
    ([10, 12, 9, 14, -2, 8, 11, 7, 13, 3, 5, 6], 10),
    (list(rng.normal(4, 9, 20).round().astype(int)), 0),
    (list(rng.normal(4, 9, 20).round().astype(int)), 2),
    (list(rng.normal(2, 9, 21).round().astype(int)), 0),
    (list(rng.normal(30, 90, 28).round().astype(int)), 10),
    (list(rng.normal(20, 90, 29).round().astype(int)), 0),
    (list(rng.normal(20, 90, 60).round().astype(int)), 5),
    (list(rng.normal(-9, 90, 40).round().astype(int)), 0),
    (list(rng.normal(50, 90, 64).round().astype(int)), 0),
):
    values = [int(v) for v in values]
    p = sign_flip(values, margin)
    if 2 <= len(values) <= 12:
        assert math.isclose(p, sign_flip_scipy([v - margin for v in values]), rel_tol=1e-12)
    rows.append((str(len(values)), array(values), number(margin), number(p)))
table("sign_flip_vectors", "size_t count; double values[64], margin, p;", rows)


def holm(p):
    """In ascending order times how many are left, never less than the one before."""
    adjusted, worst = [0.0] * len(p), 0
    for turn, i in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        worst = max(worst, min(1, (len(p) - turn) * p[i]))
        adjusted[i] = worst
    return adjusted


rows = []
for p in (
    [0.3],
    [0.01, 0.04, 0.03, 0.005],
    [0.02, 0.02, 0.02],
    [0.9, 0.001, 0.8, 0.02, 0.02, 0.5],
    [0.0001, 0.5, 0.0001, 0.00009, 0.2, 0.02, 0.019, 0.0002],
    [float(f"{v:.3g}") for v in rng.random(40) ** 3],
):
    rows.append((str(len(p)), array(p), array(holm(p))))
table("holm_vectors", "size_t count; double p[40], adjusted[40];", rows)


def pairs_of_samples():
    for m, n, change, digits in (
        (1, 1, 1, 6),
        (1, 2, 1, 6),
        (2, 2, 1.1, 6),
        (3, 2, 1, 6),
        (5, 5, 1.02, 6),
        (6, 6, 1.2, 6),
        (8, 8, 1.01, 6),
        (8, 8, 1.01, 2),
        (8, 9, 0.99, 6),
        (9, 8, 1.01, 6),
        (9, 9, 1.01, 6),
        (9, 9, 1.02, 3),
        (9, 9, 0.9, 6),
        (4, 40, 1.02, 6),
        (40, 3, 1.02, 6),
        (8, 64, 1.02, 6),
        (12, 12, 1.03, 6),
        (12, 12, 1.06, 6),
        (12, 12, 1.12, 6),
        (12, 12, 1.12, 2),
        (20, 20, 1.02, 3),
        (20, 20, 1, 6),
        (21, 20, 1.02, 6),
        (21, 21, 1.02, 2),
        (30, 30, 1.13, 6),
        (30, 25, 1.08, 3),
        (30, 30, 1.005, 6),
        (30, 30, 1.04, 6),
        (36, 36, 1, 6),
        (36, 36, 1.02, 6),
        (36, 36, 1.0125, 6),
        (36, 36, 0.96, 6),
        (36, 36, 1.6, 6),
    ):
        yield times(m, digits=digits), times(n, 100 * change, 3 * change, digits)
    yield [4] * 9, [4] * 9
    yield [4] * 3, [4] * 2
    yield [4, 5], [4, 5]
    yield [100], [120, 121, 122]
    yield [100, 101, 102], [120]
    yield list(range(10)), list(range(10, 20))
    # Ties that leave open whether there is a difference.
    yield [10] * 11 + [12], [10] * 3 + [12] * 9
    # Noisy, and on either side of asv's p.
    for count in (7, 10, 12, 19, 20, 20, 21, 21, 25):
        yield times(count, spread=12), times(count, location=116, spread=12)
    yield [100] * 12, [112] * 12
    # Two fifths of the values are 30 % slower: the mean moves, the median does not. And two modes.
    yield times(30), times(18) + times(12, 130, 4)
    yield times(24, spread=1) + times(12, 140, 4), times(12, spread=1) + times(24, 108, 2)
    # The sizes at which exact and normal meet in SciPy, without ties and with.
    yield [1, 2, 3, 5, 8, 13, 21, 34], [2.5, 4, 6, 9, 14, 22, 35, 36, 37]
    yield [9, 9, 9, 9, 9, 9, 9, 10], [9, 10, 10, 10, 10, 10, 10, 10]


def says_google(old, new):
    if min(len(old), len(new)) < 2:
        return False
    return bool(
        stats.mannwhitneyu(old, new, alternative="two-sided").pvalue < 0.05
        and np.median(new) / np.median(old) - 1 > 0.05
    )


def says_asv(old, new):
    """As asv compare; False where it would ask its model of the noise."""
    if min(len(old), len(new)) > 1:
        if 1 / math.comb(len(old) + len(new), min(len(old), len(new))) >= 0.002:
            return False
        if not asv.statistics.is_different(old, new, {}, {}):
            return False
    return bool(np.median(old) < np.median(new) / 1.1)


def says_criterion(old, new):
    """By 100,000 resamples, criterion's default. Returns what it says, and whether other random
    numbers would say the same."""
    if min(len(old), len(new)) < 2:
        return False, True
    old, new, draws = np.array(old, float), np.array(new, float), 100000

    def t(a, b):
        with np.errstate(all="ignore"):
            return (b.mean(-1) - a.mean(-1)) / np.sqrt(
                a.var(-1, ddof=1) / a.shape[-1] + b.var(-1, ddof=1) / b.shape[-1]
            )

    pooled = rng.choice(np.concatenate([old, new]), (draws, len(old) + len(new)))
    drawn = t(pooled[:, : len(old)], pooled[:, len(old) :])
    drawn = drawn[np.isfinite(drawn)]
    less = int((drawn < t(old, new)).sum())
    p = 2 * min(less, len(drawn) - less) / len(drawn) if len(drawn) else math.nan
    changes = (
        rng.choice(new, (draws, len(new))).mean(-1) / rng.choice(old, (draws, len(old))).mean(-1)
        - 1
    )
    low = np.quantile(changes, 0.025)
    clear = abs(p - 0.05) > 0.015 and abs(low - 0.01) > 0.0015
    return bool(p < 0.05 and low > 0.01), clear


rows = []
for old, new in pairs_of_samples():
    criterion, clear = says_criterion(old, new)
    rows.append(
        (
            str(len(old)),
            str(len(new)),
            array(old),
            array(new),
            number(stats.mannwhitneyu(old, new, alternative="two-sided").pvalue),
            *(
                str(said).lower()
                for said in (
                    says_google(old, new),
                    criterion,
                    clear,
                    says_asv(old, new),
                    bool(np.median(new) / np.median(old) - 1 > 0.05),
                )
            ),
        )
    )

table(
    "rivals_vectors",
    "size_t old_count, new_count; double old[64], new[64], p;"
    "bool google, criterion, criterion_clear, asv, threshold;",
    rows,
)

# P(at most u greater pairs), by asv's own recursion, in whole numbers.
rows = []
for m, n in ((1, 1), (2, 3), (5, 5), (8, 8), (8, 30), (20, 20), (3, 60)):
    for u in sorted({0, 1, m * n // 5, m * n // 2, m * n}):
        rows.append((str(m), str(n), str(u), number(asv.statistics.mann_whitney_u_cdf(m, n, u))))
table("pairs_vectors", "size_t x_count, y_count, u; double p;", rows)
print("#endif")
