"""Makes golden/ggom_nbd.toml: GGom/NBD at a fixed point on the CDNOW sample, by mpmath.

Run from the project root: python3 golden/make_ggom_nbd.py > golden/ggom_nbd.toml
Adaptive quadrature over the moment of leaving; the forecast integrates, over the level of the hazard and the moment of leaving,
the joint density with the history itself, which is a longer route than the program takes.
"""

import csv

from mpmath import mp, mpf, quad, log, exp, expm1, loggamma, inf, e as euler

mp.dps = 25
R, ALPHA, B, S, BETA = map(mpf, ("0.6", "10", "0.05", "0.5", "1.5"))
WEEK = 7
HORIZON = mpf(39)
RATE = log(mpf("1.1")) / 52
CUSTOMERS = [(2, 213, 272), (1, 12, 272), (0, 0, 272), (7, 206, 272), (2, 250, 272), (29, 264, 266), (26, 216, 217),
             (25, 191, 258), (21, 33, 205), (15, 167, 205)]


def survival(t):
    return (BETA / (BETA + expm1(B * t))) ** S


def density(t):
    return S * B * exp(B * t) / (BETA + expm1(B * t)) * survival(t)


def ln_purchases(x, t):
    """ln of the likelihood of x purchases by t of a customer until then."""
    return loggamma(R + x) - loggamma(R) + R * log(ALPHA) - (R + x) * log(ALPHA + t)


def parts(x, last, age):
    staying = exp(ln_purchases(x, age)) * survival(age)
    cuts = [last + (age - last) * k / 4 for k in range(5)]
    left = quad(lambda t: exp(ln_purchases(x, t)) * density(t), cuts) if age > last else mpf(0)
    return staying, left


def forecast(x, last, age, horizon, rate):
    """Discounted purchases to come: over the moment of leaving, of the posterior mean rate times the time until then."""
    staying, left = parts(x, last, age)
    mean_rate = (R + x) / (ALPHA + age)
    worth = lambda u: (1 - exp(-rate * u)) / rate if rate > 0 else u
    f = lambda u: density(age + u) * worth(u)
    end = horizon if horizon != inf else mpf(1500)
    cuts = [end * k / 12 for k in range(13)]
    remaining = quad(f, cuts) + (survival(age + end) * worth(end))
    return staying / (staying + left), exp(ln_purchases(x, age)) * mean_rate * remaining / (staying + left)


def digits(x):
    return mp.nstr(x, 17)


def main():
    total = mpf(0)
    with open("golden/cdnow_histories.csv") as file:
        for row in csv.DictReader(file):
            x, last, age, n = (int(row[k]) for k in ("repeat_purchases", "last_purchase_age_days", "age_days", "customers"))
            total += n * log(sum(parts(x, mpf(last) / WEEK, mpf(age) / WEEK)))
    print("# Reference values of GGom/NBD on the CDNOW 1/10 sample (golden/cdnow_histories.csv), time in weeks of seven days.")
    print("# Calibration to 1997-09-30, orders of one day one occasion; horizon 39 weeks. Tolerances are relative.")
    print('\nmodel = "ggom-nbd"')
    print('source = "golden/make_ggom_nbd.py: mpmath, adaptive quadrature with 25 digits"')
    print("horizon_weeks = 39.0")
    print("# Residual purchases are discounted at ln(1.1) / 52 a week, over an endless horizon.")
    print("\n# The maximum is Pareto/NBD, where b and beta vanish: its likelihood in pareto_nbd.toml, and a warning.")
    print("[fit]")
    print("log_likelihood = -9594.97617893953")
    print("log_likelihood_tolerance = 1e-8")
    print("\n[fixed_point]")
    values = ", ".join(f'{{ name = "{n}", value = {mp.nstr(v, 6)} }}' for n, v in
                       zip(("r", "alpha", "b", "s", "beta"), (R, ALPHA, B, S, BETA)))
    print(f"parameters = [{values}]")
    print(f"log_likelihood = {digits(total)}")
    print("log_likelihood_tolerance = 1e-10\nprobability_alive_tolerance = 1e-10\nforecast_tolerance = 1e-9")
    print("customers = [")
    for x, last, age in CUSTOMERS:
        times = mpf(last) / WEEK, mpf(age) / WEEK
        alive, expected = forecast(x, *times, HORIZON, mpf(0))
        _, residual = forecast(x, *times, inf, RATE)
        print(f"  {{ repeat_purchases = {x}, last_purchase_age = {float(times[0])!r}, age = {float(times[1])!r}, "
              f"probability_alive = {digits(alive)}, expected_future_purchases = {digits(expected)}, "
              f"discounted_residual_purchases = {digits(residual)} }},")
    print("]")


main()
