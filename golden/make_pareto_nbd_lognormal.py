"""Makes golden/pareto_nbd_lognormal.toml: Pareto/NBD with log-normal rates on the CDNOW sample, by numpy.

Run from the project root: python3 golden/make_pareto_nbd_lognormal.py > golden/pareto_nbd_lognormal.toml
A dense grid of both logarithms, the same for every customer, in double precision: another route than the adaptive one of the program.
The parameters of the maximum are the program's own; the likelihood and the forecasts there are computed here.
"""

import csv

import numpy as np

FIT = (-3.48143132, -3.61343038, 1.15065796, 1.95941283, 0.12566318)
FIXED = (-3.2, -3.9, 1.3, 1.5, -0.3)
NAMES = ("mean_ln_rate", "mean_ln_dropout", "sd_ln_rate", "sd_ln_dropout", "correlation")
CUSTOMERS = [(2, 213, 272), (1, 12, 272), (0, 0, 272), (7, 206, 272), (2, 250, 272), (29, 264, 266), (26, 216, 217),
             (25, 191, 258), (15, 167, 205)]
HORIZON, RATE = 39.0, np.log(1.1) / 52


class Grid:
    def __init__(self, parameters):
        m1, m2, s1, s2, c = parameters
        step = 0.05
        a = np.arange(-9.5 * s1, 9.5 * s1, step)
        b = np.arange(-9.5 * s2, 9.5 * s2, step)
        self.rate, self.dropout = np.exp(m1 + a), np.exp(m2 + b)
        z1, z2 = a[:, None] / s1, (b[None, :] / s2 - c * a[:, None] / s1) / np.sqrt(1 - c * c)
        self.prior = np.exp(-0.5 * (z1**2 + z2**2)) * step * step / (2 * np.pi * s1 * s2 * np.sqrt(1 - c * c))
        self.both = self.rate[:, None] + self.dropout[None, :]
        self.leaves = self.prior * self.dropout[None, :] / self.both

    def parts(self, x, last, age):
        purchases = lambda t: self.rate**x * np.exp(-self.rate * t)
        alive = purchases(age) @ (self.prior @ np.exp(-self.dropout * age))
        at_last = purchases(last) @ (self.leaves @ np.exp(-self.dropout * last))
        at_end = purchases(age) @ (self.leaves @ np.exp(-self.dropout * age))
        return alive, alive + at_last - at_end

    def customer(self, x, last, age):
        alive, either = self.parts(x, last, age)
        weight = self.rate ** (x + 1) * np.exp(-self.rate * age) @ self.prior * np.exp(-self.dropout * age) / either
        times = -np.expm1(-self.dropout * HORIZON) / self.dropout
        return alive / either, weight @ times, weight @ (1 / (self.dropout + RATE))


def histories():
    with open("golden/cdnow_histories.csv") as file:
        for row in csv.DictReader(file):
            yield tuple(int(row[k]) for k in ("repeat_purchases", "last_purchase_age_days", "age_days", "customers"))


def ln_likelihood(grid):
    return sum(n * np.log(grid.parts(x, last / 7, age / 7)[1]) for x, last, age, n in histories())


def table(name, parameters, tolerances):
    grid = Grid(parameters)
    listed = ", ".join(f'{{ name = "{n}", value = {v!r} }}' for n, v in zip(NAMES, parameters))
    print(f"\n[{name}]\nparameters = [{listed}]")
    print(f"log_likelihood = {float(ln_likelihood(grid))!r}")
    print(tolerances)
    print("probability_alive_tolerance = 1e-8\nforecast_tolerance = 1e-8")
    print("customers = [")
    for x, last, age in CUSTOMERS:
        alive, expected, residual = map(float, grid.customer(x, last / 7, age / 7))
        print(f"  {{ repeat_purchases = {x}, last_purchase_age = {last / 7!r}, age = {age / 7!r}, probability_alive = {alive!r}, "
              f"expected_future_purchases = {expected!r}, discounted_residual_purchases = {residual!r} }},")
    print("]")
    if name == "fit":
        all_of = [(n, grid.customer(x, last / 7, age / 7)) for x, last, age, n in histories()]
        print(f"sum_expected_future_purchases = {float(sum(n * c[1] for n, c in all_of))!r}")
        print(f"sum_probability_alive = {float(sum(n * c[0] for n, c in all_of))!r}")


def main():
    print("# Reference values of Pareto/NBD with log-normal rates on the CDNOW 1/10 sample (golden/cdnow_histories.csv), time in weeks.")
    print("# Calibration to 1997-09-30, orders of one day one occasion; horizon 39 weeks. Tolerances are relative.")
    print('\nmodel = "pareto-nbd-lognormal"')
    print('source = "golden/make_pareto_nbd_lognormal.py: a dense grid of both logarithms in double precision"')
    print("horizon_weeks = 39.0")
    print("# Residual purchases are discounted at ln(1.1) / 52 a week, over an endless horizon.")
    table("fit", FIT, "log_likelihood_tolerance = 1e-10\n# Printed to eight decimals.\nparameter_tolerance = 1e-6")
    table("fixed_point", FIXED, "log_likelihood_tolerance = 1e-10")


main()
