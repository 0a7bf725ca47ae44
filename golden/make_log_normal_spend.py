"""Log-normal spend on the CDNOW sample, fitted with scipy: parameters, log-likelihood and expected spends.

Reads golden/cdnow_spend.csv; writes golden/log_normal_spend.toml. The density is that of the module header of
crates/maths/models/src/spend/log_normal.rs, written again here in another language and another optimiser.
Needs numpy and scipy.
"""

import csv
import math
import pathlib

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

HERE = pathlib.Path(__file__).parent
rows = [r for r in csv.DictReader(open(HERE / "cdnow_spend.csv"))]
n = np.array([int(r["n_purchases"]) for r in rows if int(r["n_purchases"]) > 0 and float(r["mean_spend"]) > 0])
z = np.array([float(r["mean_spend"]) for r in rows if int(r["n_purchases"]) > 0 and float(r["mean_spend"]) > 0])


def own_variance(sigma):
    return np.log1p(np.expm1(sigma**2) / n)


def ln_normal(residual, variance):
    return -0.5 * np.log(2 * math.pi * variance) - 0.5 * residual**2 / variance


def density(kinds, sigma, delta):
    s2 = own_variance(sigma)
    terms = [
        math.log(share) + ln_normal(np.log(z) - m - delta * np.log1p(n) + s2 / 2, tau**2 + s2)
        for share, m, tau in kinds
    ]
    return logsumexp(np.array(terms), axis=0) - np.log(z)


def unpack(name, v):
    if name == "log-normal":
        return [(1.0, v[0], math.exp(v[1]))], math.exp(v[2]), 0.0
    if name == "log-normal-dependent":
        return [(1.0, v[0], math.exp(v[1]))], math.exp(v[2]), v[3]
    share = 1 / (1 + math.exp(-v[3]))
    return [(1 - share, v[0], math.exp(v[1])), (share, v[4], math.exp(v[5]))], math.exp(v[2]), 0.0


def fit(name, starts):
    def loss(v):
        return -float(np.sum(density(*unpack(name, v))))

    best = None
    for start in starts:
        found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-9, "fatol": 1e-10})
        found = minimize(loss, found.x, method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-10, "fatol": 1e-11})
        if best is None or found.fun < best.fun:
            best = found
    return best


with open(HERE / "log_normal_spend.toml", "w") as out:
    out.write('# Made by make_log_normal_spend.py: scipy, Nelder-Mead to 1e-10.\n')
    for name, starts in [
        ("log-normal", [[3.3, -0.5, -0.5]]),
        ("log-normal-dependent", [[3.3, -0.5, -0.5, 0.0]]),
        ("log-normal-mixture", [[3.2, -0.8, -0.6, -2.5, 4.5, -0.8], [3.3, -0.6, -0.6, -2.5, 2.0, -0.6], [3.2, -0.8, -0.6, 0.0, 3.6, -0.5]]),
    ]:
        found = fit(name, starts)
        kinds, sigma, delta = unpack(name, found.x)
        values = [kinds[0][1], kinds[0][2], sigma]
        if name == "log-normal-dependent":
            values.append(delta)
        if name == "log-normal-mixture":
            if kinds[1][0] > 0.5:
                kinds = kinds[::-1]
                values = [kinds[0][1], kinds[0][2], sigma]
            values += [kinds[1][0], kinds[1][1], kinds[1][2]]
        out.write(f'\n[{name}]\n')
        out.write(f'parameters = [{", ".join(repr(float(v)) for v in values)}]\n')
        out.write("parameter_tolerance = 2e-4\n")
        out.write(f"log_likelihood = {-float(found.fun)!r}\n")
        out.write("log_likelihood_tolerance = 1e-9\n")
