"""Makes golden/pareto_ggg.toml: Pareto/GGG on the CDNOW sample, by scipy.

Run from the project root: python3 golden/make_pareto_ggg.py > golden/pareto_ggg.toml
Another route than the program's: the chance that the running interval outlasts a silence is scipy's incomplete beta function, the moment of
leaving is summed over a dense rule, and so are the regularity k and the moments of the purchases to come. `check_brute_force` holds the
integrated rate against a sum over the rate itself, with mpmath's incomplete gamma function.
"""

import csv
import sys

import mpmath as mp
import numpy as np
from scipy.special import betainc, betaln, gammaln

FIXED = (3.0, 1.5, 0.8, 10.0, 0.7, 15.0)
NAMES = ("t", "gamma", "r", "alpha", "s", "beta")
CUSTOMERS = [(2, 213, 272), (1, 12, 272), (0, 0, 272), (7, 206, 272), (2, 250, 272), (15, 167, 205)]
HORIZON = 39.0
STEP = 0.06
NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
NODES, WEIGHTS = 0.5 * (1 + NODES), 0.5 * WEIGHTS


def panels(edges):
    width = np.diff(edges)
    at = edges[:-1, None] + width[:, None] * NODES
    return at.ravel(), (width[:, None] * WEIGHTS).ravel()


# ln(silence/time) from 0 to 42.
OFF, DOFF = panels(np.concatenate([np.arange(0, 5, 0.25), np.arange(5, 43, 2.0)]))


def of_k(parameters, x, last, sum_ln):
    """The regularities, the law of the rate given each, and the weights without the silence."""
    t, gamma, r, alpha, s, beta = parameters
    ln_k = np.arange(-14.0, 5.0, STEP)
    k = np.exp(ln_k)
    g, a = r + k * x, alpha / k + last
    ln_weight = t * (np.log(gamma) + ln_k) - gamma * k - gammaln(t)
    ln_weight += gammaln(g) - gammaln(r) + r * np.log(alpha / k) - g * np.log(a)
    if x > 0:
        ln_weight += (k - 1) * sum_ln - x * gammaln(k) if sum_ln is not None else (
            (k - 1) * x * np.log(last) + gammaln(x) - gammaln(k * x))
    return k, g, a, STEP * np.exp(ln_weight)


def parts(parameters, x, last, age, sum_ln):
    """Likelihood of still being there, and either way."""
    *_, s, beta = parameters
    k, g, a, weight = of_k(parameters, x, last, sum_ln)
    stays = lambda time: (beta / (beta + time)) ** s
    outlasts = lambda silence: betainc(g[:, None], k[:, None], a[:, None] / (a[:, None] + silence))
    alive = weight @ outlasts(np.array([age - last]))[:, 0] * stays(age)
    if age <= last:
        return alive, alive
    after = (age - last) * np.exp(-OFF)
    leaves = stays(last + after) * s / (beta + last + after) * after * DOFF
    return alive, alive + weight @ (outlasts(after) @ leaves)


def expected(parameters, x, last, age):
    """Expected purchases within the horizon of who is there."""
    *_, s, beta = parameters
    k, g, a, weight = of_k(parameters, x, last, None)
    silence = age - last
    weight = weight * betainc(g, k, a / (a + silence))
    keep = weight > 1e-11 * weight.max()
    weight = weight[keep] / weight[keep].sum()
    ln_u, du = panels(np.concatenate([np.linspace(-30, -2, 20), np.linspace(-1.9, np.log(HORIZON), 120)]))
    u = np.exp(ln_u)
    z = silence + u
    stays = ((beta + age) / (beta + age + u)) ** s * du * u / z
    total = 0.0
    for w, k, g, a in zip(weight, k[keep], g[keep], a[keep]):
        q = betainc(g, k, a / (a + silence))
        rate = np.zeros_like(u)
        for n in range(1, 2000):
            density = np.exp(n * k * np.log(z / (a + z)) + g * np.log(a / (a + z)) - betaln(n * k, g))
            term = density * (betainc((n - 1) * k, k, u / z) if n > 1 and silence > 0 else 1.0)
            rate += term
            if n > 3 and term.max() < 1e-12 * rate.max():
                break
        total += w * (rate @ stays) / q
    return total


def check_brute_force():
    mp.mp.dps = 12
    t, gamma, r, alpha, s, beta = FIXED
    x, last, age = 3, 20.0, 35.0
    sum_ln = 3 * np.log(20 / 3) - 0.9
    step, alive, either = 0.3, 0.0, 0.0
    times, dtimes = panels(np.linspace(last, age, 2))
    for k in np.exp(np.arange(-6.0, 3.6, step)):
        for rate in np.exp(np.arange(-14.0, 3.0, step)):
            ln = t * np.log(gamma * k) - gamma * k - gammaln(t) + r * np.log(alpha * rate) - alpha * rate - gammaln(r)
            ln += k * x * np.log(k * rate) - k * rate * last + (k - 1) * sum_ln - x * gammaln(k)
            outlasts = lambda silence: float(mp.gammainc(k, k * rate * silence, mp.inf, regularized=True))
            stays = lambda time: (beta / (beta + time)) ** s
            here = outlasts(age - last) * stays(age)
            left = sum(d * outlasts(at - last) * stays(at) * s / (beta + at) for at, d in zip(times, dtimes))
            alive += step * step * np.exp(ln) * here
            either += step * step * np.exp(ln) * (here + left)
    found = parts(FIXED, x, last, age, sum_ln)
    assert abs(alive / found[0] - 1) < 1e-5 and abs(either / found[1] - 1) < 1e-5, (alive, either, found)


def main():
    check_brute_force()
    print("# Reference values of Pareto/GGG on the CDNOW 1/10 sample (golden/cdnow_histories.csv), time in weeks.")
    print("# Calibration to 1997-09-30, orders of one day one occasion; horizon 39 weeks. Tolerances are relative.")
    print('\nmodel = "pareto-ggg"\nsource = "golden/make_pareto_ggg.py: dense rules and scipy\'s incomplete beta function"')
    print(f"horizon_weeks = {HORIZON}")
    print("\n# All customers come out equally regular, with k at 1.027, so that t and gamma run off together.\n[fit]")
    print(f"log_likelihood = {sys.argv[1] if len(sys.argv) > 1 else -9594.594312688}\nlog_likelihood_tolerance = 1e-9")
    rows = []
    with open("golden/cdnow_histories.csv") as file:
        for row in csv.reader(file):
            rows.append(row)
    total = 0.0
    for x, last, age, n, sum_ln in ([float(v) for v in row] for row in rows[1:]):
        total += n * np.log(parts(FIXED, x, last / 7, age / 7, sum_ln - x * np.log(7))[1])
    listed = ", ".join(f'{{ name = "{n}", value = {v!r} }}' for n, v in zip(NAMES, FIXED))
    print(f"\n[fixed_point]\nparameters = [{listed}]\nlog_likelihood = {float(total)!r}\nlog_likelihood_tolerance = 1e-10")
    print("probability_alive_tolerance = 1e-8\n# The law of a rhythm goes through seven points.\nforecast_tolerance = 1e-5\ncustomers = [")
    for x, last, age in CUSTOMERS:
        alive, either = parts(FIXED, x, last / 7, age / 7, None)
        forecast = alive / either * expected(FIXED, x, last / 7, age / 7)
        print(f"  {{ repeat_purchases = {x}, last_purchase_age = {last / 7!r}, age = {age / 7!r}, "
              f"probability_alive = {float(alive / either)!r}, expected_future_purchases = {float(forecast)!r} }},")
    print("]")


main()
