"""Writes distribution.csv: distribution functions and quantiles by mpmath at 40 digits.

Run in this folder: python3 make_distribution.py > distribution.csv
"""

from mpmath import mp, mpf, ncdf, findroot, erfinv, sqrt, log, log1p, exp, loggamma, gammainc, inf, rf, factorial, fsum

mp.dps = 40
rows = []


def incomplete_beta(a, b, odds):
    """By the series whose terms are all positive."""
    x = odds / (1 + odds)
    term, total, k = mpf(1), mpf(1), 0
    while term > total * mpf(10) ** -30:
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        k += 1
    front = a * log(x) - b * log1p(odds) + loggamma(a + b) - loggamma(a) - loggamma(b)
    return exp(front) * total / a


def add(function, arguments, value):
    rows.append(",".join([function, *arguments, *[""] * (3 - len(arguments)), mp.nstr(value, 20, min_fixed=0, max_fixed=0)]))


for x in "-37 -20 -8.3 -3 -1 -0.1 0 0.5 1.96 5".split():
    add("normal_cdf", [x], ncdf(mpf(x)))
for q in "1e-300 1e-50 1e-10 0.001 0.05 0.3 0.4999 0.6 0.975 0.9999".split():
    p = mpf(q)
    start = sqrt(2) * erfinv(2 * p - 1) if p > mpf(10) ** -15 else -sqrt(-2 * log(p)) + mpf(1) / 5
    add("normal_quantile", [q], findroot(lambda v: log(ncdf(v) / p), start))
GAMMA = (
    "0.001 0.5|0.05 1e-8|0.5 0.2|0.5 8|1 3|2.5 0.01|2.5 30|20 9|20 45|300 250|300 301|300 390|1e4 9.8e3|1e4 1.03e4|"
    "1e5 1.005e5|1e5 0.99e5"
)
for pair in GAMMA.split("|"):
    a, x = pair.split()
    add("gamma_cdf", [a, x], gammainc(mpf(a), 0, mpf(x), regularized=True))
    add("gamma_survival", [a, x], gammainc(mpf(a), mpf(x), inf, regularized=True))
for triple in "0.5 0.5 0.3|2 3 0.01|2 3 5|30 4 2|400 300 1.2|400 300 1.7|0.01 0.02 7|5 1000 0.002|2e4 3e4 0.66".split("|"):
    a, b, odds = triple.split()
    add("beta_cdf", [a, b, odds], incomplete_beta(mpf(a), mpf(b), mpf(odds)))
for triple in "0.5 3 0|0.5 3 40|30 0.2 9|2000 1.1 2100|0.02 1e4 10".split("|"):
    r, odds, n = map(mpf, triple.split())
    mass = lambda k: rf(r, k) / factorial(k) * (1 + odds) ** (-r) * (odds / (1 + odds)) ** k
    below = fsum(mass(k) for k in range(int(n) + 1))
    add("negative_binomial_cdf", triple.split(), below)
    add("negative_binomial_survival", triple.split(), 1 - below)
    add("negative_binomial_mass", triple.split(), mass(int(n)))
print("function,first,second,third,value")
print("\n".join(rows))
