"""Makes golden/bg_cnbd_k.toml, golden/mbg_cnbd_k.toml and golden/regular_process.toml by mpmath.

Run from the project root: python3 golden/make_bg_cnbd_k.py. Parameters and log-likelihoods of the fits are those of BTYDplus 1.2.0,
whose P(alive) agrees to 1e-13. Its forecasts for k > 1 are approximate, so forecasts here are sums over purchases of an integral over the purchase
rate, E[N] = sum over n of E[(1-p)^(n-1)] P(n purchases in time), each probability from the Erlang law itself: other routes than the program takes.
"""

import csv
import pathlib

import numpy as np
from mpmath import mp, mpf, beta, exp, expjpi, factorial, log, log1p, quad, rf

mp.dps = 30
HERE = pathlib.Path(__file__).parent


def digits(x):
    return mp.nstr(mpf(x), 17, min_fixed=0, max_fixed=0)


class Regular:
    """Ticks at a rate gamma (r, alpha) right after a purchase, then a silence with fewer than k ticks."""

    def __init__(self, k, silence, r, alpha, a, b):
        self.k, self.s, self.r, self.al, self.a, self.b = int(k), mpf(silence), mpf(r), mpf(alpha), mpf(a), mpf(b)
        q = self.s / (self.al + self.s)
        weights = [rf(self.r, j) / factorial(j) * q**j for j in range(self.k)]
        self.weights = [w / sum(weights) for w in weights]
        self.now = self.al + self.s
        self.memo = {}

    def survive(self, n):
        return beta(self.a, self.b + n) / beta(self.a, self.b)

    def tails(self, g, o):
        """P(at least m ticks) for m = 0, 1, ... as far as they matter, summed from the far end."""
        key = (g, o)
        if key not in self.memo:
            masses, q, l, high = [(1 + o) ** (-g)], o / (1 + o), 0, mpf(0)
            while l < g * o or masses[-1] > mpf(10) ** -50 * high:
                masses.append(masses[-1] * q * (g + l) / (l + 1))
                high = max(high, masses[-1])
                l += 1
            out, total = [], masses[-1] * q / (1 - q)
            for mass in reversed(masses):
                total += mass
                out.append(total)
            self.memo[key] = out[::-1]
        return self.memo[key]

    def reach(self, n, t):
        """P(at least n purchases if nobody leaves)."""
        total = mpf(0)
        for j, w in enumerate(self.weights):
            tails = self.tails(self.r + j, t / self.now)
            m = n * self.k - j
            total += w * (mpf(1) if m <= 0 else tails[m] if m < len(tails) else 0)
        return total

    def sum_over_purchases(self, of, t):
        longest = max(len(self.tails(self.r + j, t / self.now)) for j in range(self.k))
        total, survived = mpf(0), mpf(1)
        for n in range(1, longest // self.k + 2):
            total += of(n) * survived * self.reach(n, t)
            survived *= (self.b + n - 1) / (self.a + self.b + n - 1)
        return total

    def expected(self, t):
        return self.sum_over_purchases(lambda n: 1, t)

    def pairs(self, t):
        return self.sum_over_purchases(lambda n: 2 * (n - 1), t)

    def masses(self, t, ns):
        out = []
        for n in ns:
            here = self.reach(n, t) if n else mpf(1)
            more = self.reach(n + 1, t)
            out.append(here - more if n == 0 else self.survive(n - 1) * here - self.survive(n) * more)
        # P(N >= n) = survive(n - 1) reach(n), so P(N = n) is the difference of neighbours.
        return out

    def discounted(self, t, rates):
        """By the density of purchases at 960 Gauss points in ln(1 + u / alpha); in double precision, good to 1e-12."""
        points, weights = np.polynomial.legendre.leggauss(40)
        top = float(log1p(t / self.now))
        edges = np.linspace(0, top, 25)
        half = 0.5 * (edges[1] - edges[0])
        v = (edges[:-1, None] + half + half * points).ravel()
        o, total = np.expm1(v), np.zeros_like(v)
        q, a, b = o / (1 + o), float(self.a), float(self.b)
        for j, w in enumerate(self.weights):
            g, l, n, survived = float(self.r + j), 0, 0, 1.0
            ln_mass, part = -(g + 1) * np.log1p(o), np.zeros_like(v)
            while l < (g + 1) * o[-1] or n < 2 or np.any(np.exp(ln_mass) > 1e-19 * part):
                if (l + 1 + j) % self.k == 0:
                    part += survived * np.exp(ln_mass)
                    survived *= (b + n) / (a + b + n)
                    n += 1
                ln_mass += np.log(q * (g + 1 + l) / (l + 1))
                l += 1
            total += float(w) * g * part
        flow = total * np.exp(v) * np.tile(weights, 24) * half
        return [mpf(float(np.sum(flow * np.exp(-float(d) * float(self.now) * o)))) for d in rates]

    def none(self, t):
        """P(no purchase within t), by the few masses below k - j ticks."""
        o, none = t / self.now, mpf(0)
        for j, w in enumerate(self.weights):
            g, q = self.r + j, o / (1 + o)
            none += w * (1 + o) ** (-g) * sum(rf(g, i) / factorial(i) * q**i for i in range(self.k - j))
        return none

    def wait(self, q):
        low, high = log(self.now) - 40, log(self.now) + 200
        for _ in range(70):
            middle = (low + high) / 2
            low, high = (middle, high) if self.none(exp(middle)) > 1 - q else (low, middle)
        return exp(low)


def of_customer(model, first_tosses, x, last, age):
    k, r, al, a, b = model
    g, m = r + k * x, x + first_tosses
    after = Regular(k, age - last, g, al + last, a, b + m)
    q = (age - last) / (al + age)
    still = sum(rf(g, j) / factorial(j) * q**j for j in range(int(k)))
    odds = mpf(0) if m == 0 else a / (b + m - 1) * ((al + age) / (al + last)) ** g / still
    return 1 / (1 + odds), after


CUSTOMERS = [(2, 213, 272), (1, 12, 272), (0, 0, 272), (7, 206, 272), (1, 35, 272), (2, 250, 272), (29, 264, 266), (26, 216, 217),
             (25, 191, 258), (21, 33, 205), (19, 238, 239), (15, 167, 205), (14, 212, 221)]


def model_file(stem, name, first_tosses, values, log_likelihood, out):
    model = [mpf(v) for v in values]
    names = ["k", "r", "alpha", "a", "b"]
    listed = ", ".join(f'{{ name = "{n}", value = {v} }}' for n, v in zip(names, values))
    print(f"# Reference values of {name} on the CDNOW 1/10 sample (golden/cdnow_histories.csv), time in weeks of seven days.", file=out)
    print("# Calibration to 1997-09-30, orders of one day one occasion; horizon 39 weeks. Tolerances are relative.", file=out)
    print("# Forecasts are exact, by golden/make_bg_cnbd_k.py; BTYDplus approximates them for k > 1.\n", file=out)
    print(f'model = "{stem}"', file=out)
    print('source = "parameters and log-likelihood: BTYDplus 1.2.0, R 4.2.2, polished to the maximum; forecasts: golden/make_bg_cnbd_k.py"', file=out)
    print("horizon_weeks = 39.0\n\n[fit]", file=out)
    print(f"parameters = [{listed}]\nparameter_tolerance = 1e-6", file=out)
    print(f"log_likelihood = {log_likelihood}\nlog_likelihood_tolerance = 1e-9", file=out)
    print("probability_alive_tolerance = 1e-10\nforecast_tolerance = 1e-10\ncustomers = [", file=out)
    for x, last, age in CUSTOMERS:
        alive, after = of_customer(model, first_tosses, x, mpf(last) / 7, mpf(age) / 7)
        forecast = alive * after.expected(mpf(39))
        print(f"  {{ repeat_purchases = {x}, last_purchase_age = {digits(mpf(last) / 7)}, age = {digits(mpf(age) / 7)}, "
              f"probability_alive = {digits(alive)}, expected_future_purchases = {digits(forecast)} }},", file=out)
    print("]", file=out)
    total, total_alive = mpf(0), mpf(0)
    with mp.workdps(20), open(HERE / "cdnow_histories.csv", encoding="ascii") as rows:
        for row in csv.DictReader(rows):
            x, last, age = (int(row[c]) for c in ("repeat_purchases", "last_purchase_age_days", "age_days"))
            alive, after = of_customer(model, first_tosses, x, mpf(last) / 7, mpf(age) / 7)
            total += int(row["customers"]) * alive * after.expected(mpf(39))
            total_alive += int(row["customers"]) * alive
    print(f"sum_expected_future_purchases = {digits(total)}\nsum_probability_alive = {digits(total_alive)}", file=out)


# k, silence, r, alpha, a, b, horizon: ordinary customers, long silences, tiny and large shapes, a near 1, far horizons.
POINTS = [
    (2, 0, "0.227", "1.463", "0.944", "2.074", 52), (2, "8.43", "4.227", "31.9", "0.944", "4.074", 39),
    (3, 0, "0.6", "3.3", "0.8", "2.5", 39), (3, 40, "15.6", "30", "0.8", "7.5", 39), (3, "0.01", "90.6", "30", "0.8", "32.5", 52),
    (2, 5, "0.5", 10, 1, "2.4", 39), (2, 5, "0.5", 10, "1.0000000000001", "2.4", 39), (4, 3, "0.05", "0.4", "0.02", "0.03", 20),
    (12, 6, "120.3", "20", "0.6", "11", 30), (12, 1, "1200", "200", "1.5", "101", 30), (24, 10, "240.5", "30", "2", "12", 15),
    (5, 400, "8", "3", "5", "0.4", 100), (3, 2, "40", "60", "60", "900", "0.5"), (3, 2, "40", "60", "0.8", "9", "1e-3"),
    (2, "0.5", "0.4", 1, "0.8", "2.4", 500), (6, 1, "2", "4", "0.001", "5", 200), (2, 30, "500", "510", "0.8", "252", 365),
]
FAR = [(2, "0.5", "0.4", 1, "0.8", "2.4", "1e5"), (3, 1, "0.05", 1, "0.3", "0.5", "1e6"), (4, 2, "3", "0.5", "1.2", "3", "1e4"), (3, 1, "9000", 90, "0.9", "3000", 200)]


class Far(Regular):
    """At far horizons sums over purchases are hopeless: integrals over the purchase rate's and the coin's laws of the roots' closed form."""

    def moments(self, t):
        k, means = self.k, [mpf(0), mpf(0)]
        for j, w in enumerate(self.weights):
            g, u = self.r + j, t / self.now

            def value(p, j=j, g=g, u=u):
                z = 1 - p
                def e(z):
                    root, total = z ** (mpf(1) / k), mpf(0)
                    for i in range(k):
                        zeta = root * expjpi(mpf(2) * i / k)
                        d = 1 - zeta
                        total += (expjpi(mpf(2) * i * (j + 1) / k) * (1 - (1 + d * u) ** (-g)) / d).real
                    return total * z ** (mpf(j + 1) / k - 1) / k
                step = z * mpf(10) ** -12
                return e(z), z * (e(z + step) - e(z - step)) / step
            def weighted(y, which):
                with mp.workdps(80):
                    return value(1 / (1 + exp(-y)))[which] * exp(self.a * y - (self.a + self.b) * log1p(exp(y)))

            mode = log(self.a / self.b)
            cuts = [mode + at for at in (-110, -70, -40, -20, -10, -5, -2, 0, 2, 5, 10, 20, 40, 75)]
            with mp.workdps(18):
                for which in (0, 1):
                    means[which] += w * quad(lambda y: weighted(y, which), cuts) / beta(self.a, self.b)
        return means


def main():
    import sys

    with open(HERE / "regular_process.toml", "w", encoding="ascii") as out:
        print("# Purchases of regular customers, by mpmath: golden/make_bg_cnbd_k.py. Parameters are k, silence, r, alpha, a, b;", file=out)
        print("# masses are at n = 0, 1, 2, 5, 12. Relative tolerance 1e-8, masses absolute 1e-10. Residual values are at an infinite horizon.", file=out)
        for point in POINTS:
            *parameters, t = point
            one, horizon = Regular(*parameters), mpf(t)
            rates = ["0.0018328", "0.1"]
            print(f'\n[[point]]\nprocess = "regular"', file=out)
            print("parameters = [" + ", ".join(digits(p) for p in parameters) + "]", file=out)
            print(f"horizon = {digits(horizon)}\nexpected = {digits(one.expected(horizon))}\npairs = {digits(one.pairs(horizon))}", file=out)
            print(f"none = {digits(one.none(horizon))}", file=out)
            print("masses = [" + ", ".join(digits(m) for m in one.masses(horizon, [0, 1, 2, 5, 12])) + "]", file=out)
            print("rates = [" + ", ".join(digits(d) for d in rates) + "]", file=out)
            print("discounted = [" + ", ".join(digits(d) for d in one.discounted(horizon, rates)) + "]", file=out)
            print("residual = []", file=out)
            print("waits = [" + ", ".join(digits(one.wait(mpf(q))) for q in ("0.05", "0.5", "0.9")) + "]", file=out, flush=True)
            print(point, file=sys.stderr, flush=True)
        for point in FAR:
            *parameters, t = point
            one, horizon = Far(*parameters), mpf(t)
            expected, pairs = one.moments(horizon)
            print(f'\n[[far]]\nparameters = [' + ", ".join(digits(p) for p in parameters) + "]", file=out)
            print(f"horizon = {digits(horizon)}\nexpected = {digits(expected)}\npairs = {digits(pairs)}", file=out, flush=True)
            print(point, file=sys.stderr, flush=True)
    models = {
        "bg": ("bg-cnbd-k", "BG/CNBD-k", 0, ["2.0", "0.22691721410022694", "1.4629196338359207", "0.9440022496841673", "2.074328860507384"], "-9855.3269740932865"),
        "mbg": ("mbg-cnbd-k", "MBG/CNBD-k", 1, MBG[0], MBG[1]),
    }
    for stem, (model_id, name, tosses, values, log_likelihood) in models.items():
        with open(HERE / f"{stem}_cnbd_k.toml", "w", encoding="ascii") as out:
            model_file(model_id, name, tosses, values, log_likelihood, out)
        print(stem, file=sys.stderr, flush=True)


MBG = (["2.0", "0.5798961570631751", "2.2881487943816388", "1.1344527041032098", "1.5849742432160308"], "-9853.253128515704")
main()
