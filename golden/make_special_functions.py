"""Writes special_functions.csv: reference values of the special functions, computed with ninety digits.

Run in this folder with `python make_special_functions.py`; needs mpmath.
"""

import itertools

import mpmath as mp

SIZES = ["1e-6", "1e-3", "0.3", "0.77", "1", "1.4616", "2.5", "9.99", "10", "37.2", "1e3", "1.7e5", "1e9", "1e15"]
SMALL = ["1e-6", "1e-3", "0.31", "0.9", "4.2", "11", "320", "1.7e5", "1e15"]
STEPS = ["1e-9", "1e-4", "0.5", "1", "2.4623", "19.7", "1e4", "1e15", "1e100"]
COUNTS = [0, 1, 2, 3, 5, 9, 16, 17, 100, 501, 4097, 1_000_000]


def rising(c, n):
    return mp.loggamma(c + n) - mp.loggamma(c)


def rows():
    number = lambda text: mp.mpf(float(text))
    for x in map(number, SIZES + ["1e-300", "0.99999", "1.00001", "2.00001", "3", "171.3"]):
        yield "ln_gamma", [x], mp.loggamma(x)
        yield "digamma", [x], mp.digamma(x)
        if x > 1e-150:
            yield "trigamma", [x], mp.polygamma(1, x)
    for a, b in itertools.product(map(number, SIZES), repeat=2):
        yield "ln_beta", [a, b], mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    for c, n in itertools.product(map(number, SIZES), COUNTS):
        yield "ln_rising", [c, n], rising(c, n)
        yield "digamma_rise", [c, n], mp.digamma(c + n) - mp.digamma(c)
    for a, b, n in itertools.product(map(number, SMALL), map(number, SMALL), COUNTS):
        yield "ln_beta_fall", [a, b, n], rising(b, n) - rising(a + b, n)
    for a, b, h in itertools.product(map(number, SMALL), map(number, SMALL), map(number, STEPS)):
        yield "ln_beta_fall_by", [a, b, h], rising(b, h) - rising(a + b, h)
        rise = lambda c: mp.digamma(c + h) - mp.digamma(c)
        if h >= 0.5:
            yield "beta_fall_slope_by", [a, b, h], rise(b) - rise(a + b)
    for c, h in itertools.product(map(number, SIZES), map(number, STEPS)):
        yield "digamma_rise_by", [c, h], mp.digamma(c + h) - mp.digamma(c)
    for x in map(number, ["1e-300", "1e-16", "1e-5", "0.3", "0.69", "0.7", "3", "36", "37", "600"]):
        yield "ln_one_minus_exp", [-x], mp.log(-mp.expm1(-x)) if x < 40 else mp.log1p(-mp.exp(-x))
        for z in (x, -x):
            yield "exp_m1_ratio", [z], mp.expm1(z) / z
    for z in map(number, ["-0.999999", "-0.5", "-1e-9", "1e-300", "1e-12", "0.01", "1", "50", "1e300"]):
        yield "ln_1p_ratio", [z], mp.log1p(z) / z
    for z in map(number, ["0", "1e-300", "1e-17", "3e-16", "1e-9", "0.001", "0.1", "0.77", "3", "1e9", "1e300"]):
        yield "ln_1p_of_ratio", [z], mp.log1p(z)
        yield "vectorised_ln_1p", [z], mp.log1p(z)
    for x in map(number, ["0", "1e-9", "0.1", "0.34", "0.35", "1", "17.3", "40", "350.1", "699.9"]):
        yield "vectorised_exp", [x], mp.exp(x)
        yield "vectorised_exp", [-x], mp.exp(-x)
        yield "vectorised_exp_m1", [x], mp.expm1(x)
        yield "vectorised_exp_m1", [-x], mp.expm1(-x)
    for x in map(number, ["1", "1.0000000001", "1.0001", "1.3", "1.4142", "1.4143", "2", "7.1", "1e3", "1e9", "1e300"]):
        yield "vectorised_ln", [x], mp.log(x)


mp.mp.dps = 230  # differences of log-gammas at 1e15 lose thirty digits, those at 1e100 a hundred and ten
with open("special_functions.csv", "w", encoding="ascii") as out:
    print("function,a,b,c,value", file=out)
    for function, arguments, value in rows():
        padded = [mp.nstr(mp.mpf(x), 17) for x in arguments] + [""] * (3 - len(arguments))
        print(function, *padded, mp.nstr(mp.re(value), 20), sep=",", file=out)
