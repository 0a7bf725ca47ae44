"""Makes golden/future_process.toml: the future process at hostile points, by mpmath at 50 digits.

Run from the project root: python3 golden/make_future_process.py > golden/future_process.toml
It takes some ten minutes. Formulas here are hypergeometric continuations and adaptive quadrature, other routes than the program takes.
"""

from mpmath import mp, mpf, quad, hyp2f1, beta as beta_function, binomial, findroot, log1p, expm1, exp, log, inf, rf, factorial

mp.dps = 50
NUDGE = mpf(10) ** -20  # moves a shape off a removable singularity of a closed form


def nb(r, z, n):
    return rf(r, n) / factorial(n) * (1 + z) ** (-r) * (z / (1 + z)) ** n


def log_quad(f, scale, end, split=1):
    """The integral of f(u) over [0, end] in v = ln(1 + u / scale), in pieces."""
    top = log1p(end / scale)
    pieces = max(2, int(top / split) + 1)
    cuts = [top * k / pieces for k in range(pieces + 1)]
    with mp.workdps(22):
        return quad(lambda v: f(scale * expm1(v)) * scale * exp(v), cuts)


class Steady:
    name = "steady"
    keys = ("r", "alpha")

    def __init__(self, r, alpha):
        self.r, self.alpha = mpf(r), mpf(alpha)

    def expected(self, t):
        return self.r * t / self.alpha

    def pairs(self, t):
        return self.r * (self.r + 1) * (t / self.alpha) ** 2

    def none(self, t):
        return (1 + t / self.alpha) ** (-self.r)

    def masses(self, t, ns):
        return [nb(self.r, t / self.alpha, n) for n in ns]

    def discounted(self, t, d):
        return self.r / self.alpha * (1 - exp(-d * t)) / d

    def wait(self, q):
        return self.alpha * ((1 - mpf(q)) ** (-1 / self.r) - 1)


class Lapsing:
    name = "lapsing"
    keys = ("r", "alpha", "s", "beta")

    def __init__(self, r, alpha, s, beta):
        self.r, self.alpha, self.s, self.beta = map(mpf, (r, alpha, s, beta))

    def alive(self, u):
        return (1 + u / self.beta) ** (-self.s)

    def idle(self, u):
        return (1 + u / self.alpha) ** (-self.r)

    def expected(self, t):
        s = self.s + (NUDGE if self.s == 1 else 0)
        return self.r / self.alpha * self.beta / (s - 1) * (1 - (1 + t / self.beta) ** (1 - s))

    def pairs(self, t):
        s = self.s + (NUDGE if self.s in (1, 2) else 0)
        top = 1 + t / self.beta
        inner = (top ** (2 - s) - 1) / (2 - s) - (top ** (1 - s) - 1) / (1 - s)
        return self.r * (self.r + 1) / self.alpha**2 * 2 * self.beta**2 * inner

    def buys_first(self, t):
        # int_0^t r / (alpha + u) idle alive du, by Appell-free substitution w = alpha / (alpha + u).
        scale = min(self.alpha, self.beta)
        f = lambda u: self.r / (self.alpha + u) * self.idle(u) * self.alive(u)
        split = max(min(mpf(1), 8 / (self.r + self.s)), mpf(1) / 20)
        # Beyond this the integrand is a power of time to 22 digits.
        far = max(self.alpha, self.beta) * mpf(10) ** 22
        if t <= far:
            return log_quad(f, scale, t, split)
        undisturbed = lambda u: self.idle(u) * self.alive(u)
        later = mpf(0) if t == inf else undisturbed(t)
        return log_quad(f, scale, far, split) + self.r / (self.r + self.s) * (undisturbed(far) - later)

    def none(self, t):
        return 1 - self.buys_first(t)

    def masses(self, t, ns):
        scale = min(self.alpha, self.beta)
        out = []
        for n in ns:
            f = lambda u: self.s / (self.beta + u) * self.alive(u) * nb(self.r, u / self.alpha, n)
            out.append(nb(self.r, t / self.alpha, n) * self.alive(t) + log_quad(f, scale, t, mpf(1) / 2))
        return out

    def discounted(self, t, d):
        f = lambda u: exp(-d * u) * self.alive(u)
        if t == inf:
            t = 140 / d
        t = min(t, 140 / d)
        scale = min(self.beta / max(self.s, 1), 1 / d)
        return self.r / self.alpha * log_quad(f, scale, t)

    def wait(self, q):
        target = q * self.buys_first(inf)
        lo, hi = log(self.alpha) - 60, log(self.alpha) + 60
        for _ in range(9):
            mid = (lo + hi) / 2
            lo, hi = (mid, hi) if self.buys_first(exp(mid)) < target else (lo, mid)
        with mp.workdps(20):
            return exp(findroot(lambda v: self.buys_first(exp(v)) / target - 1, (lo, hi), solver="anderson", tol=1e-34))


class Aging(Lapsing):
    """Gompertz lifetimes with a gamma distributed level; no power law at the end, so integrals stop where survival has."""

    name = "aging"
    keys = ("r", "alpha", "b", "s", "beta")

    def __init__(self, r, alpha, b, s, beta):
        super().__init__(r, alpha, s, beta)
        self.b = mpf(b)

    def alive(self, u):
        return (1 + expm1(self.b * u) / self.beta) ** (-self.s)

    def hazard(self, u):
        return self.s * self.b / (self.beta * exp(-self.b * u) - expm1(-self.b * u))

    def integral(self, f, t, rate=0):
        end = 60 / (self.s * self.b) + (log(self.beta) / self.b if self.beta > 1 else 0)
        end = min(t, end, 60 / mpf(rate) if rate else inf)
        scale = min(self.alpha, self.beta / self.b, 1 / self.b)
        cuts = sorted({min(end, c) for c in [scale * expm1(mpf(k) / 2) for k in range(200)]} | {end})
        steps = []
        for low, high in zip(cuts, cuts[1:]):
            n = min(400, int((high - low) * self.b / 2) + 1)
            steps += [low + (high - low) * k / n for k in range(n)]
        with mp.workdps(22):
            return quad(f, steps + [end])

    def expected(self, t):
        return self.r / self.alpha * self.integral(self.alive, t)

    def pairs(self, t):
        return self.r * (self.r + 1) / self.alpha**2 * 2 * self.integral(lambda u: u * self.alive(u), t)

    def buys_first(self, t):
        return self.integral(lambda u: self.r / (self.alpha + u) * self.idle(u) * self.alive(u), t)

    def masses(self, t, ns):
        left = lambda n: self.integral(lambda u: self.hazard(u) * self.alive(u) * nb(self.r, u / self.alpha, n), t)
        return [nb(self.r, t / self.alpha, n) * self.alive(t) + left(n) for n in ns]

    def discounted(self, t, d):
        return self.r / self.alpha * self.integral(lambda u: exp(-d * u) * self.alive(u), t, d)


class Leaving:
    name = "leaving"
    keys = ("r", "alpha", "a", "b")

    def __init__(self, r, alpha, a, b):
        self.r, self.alpha, self.a, self.b = map(mpf, (r, alpha, a, b))

    def ratio(self, a, k, b):
        return beta_function(a - k, b) / beta_function(a, b)

    def mean_power(self, c, a, b, z):
        """E[(1 + p z)^-c] by Pfaff's transformation, whose series has no signs to cancel."""
        return (1 + z) ** (-c) * hyp2f1(c, b, a + b, z / (1 + z))

    def expected(self, t):
        if self.a + self.b > 200:
            f = lambda u: self.r / self.alpha * self.mean_power(self.r + 1, self.a, self.b, u / self.alpha)
            return log_quad(f, self.alpha, t)
        z, a = t / self.alpha, self.a + NUDGE
        return self.ratio(a, 1, self.b) * (1 - hyp2f1(self.r, a - 1, a + self.b - 1, -z))

    def pairs(self, t):
        if self.a + self.b > 200:
            f = lambda u: u * self.mean_power(self.r + 2, self.a, self.b + 1, u / self.alpha)
            moment = self.r * (self.r + 1) / self.alpha**2 * log_quad(f, self.alpha, t)
            return 2 * self.b / (self.a + self.b) * moment
        z, a, b = t / self.alpha, self.a + NUDGE, self.b + 1
        first = self.ratio(a, 2, b) * (1 - hyp2f1(self.r, a - 2, a + b - 2, -z))
        second = self.r * z * self.ratio(a, 1, b) * hyp2f1(self.r + 1, a - 1, a + b - 1, -z)
        return 2 * self.b / (a + self.b) * (first - second)

    def none(self, t):
        return (1 + t / self.alpha) ** (-self.r)

    def masses(self, t, ns):
        z, out = t / self.alpha, []
        for n in ns:
            if n == 0:
                out.append(self.none(t))
                continue
            survive = lambda k: beta_function(self.a, self.b + k) / beta_function(self.a, self.b)
            at_least = 1 - sum(nb(self.r, z, k) for k in range(n))
            out.append(survive(n) * nb(self.r, z, n) + (survive(n - 1) - survive(n)) * at_least)
        return out

    def discounted(self, t, d):
        with mp.workdps(22):
            a = self.a
            f = lambda u: exp(-d * u) * self.r / self.alpha * self.mean_power(self.r + 1, a, self.b, u / self.alpha)
            end = min(t, 60 / d) if t != inf else 60 / d
            return log_quad(f, min(self.alpha / max(self.r * self.a / (self.a + self.b), 1), 1 / d), end, 3)

    def wait(self, q):
        return self.alpha * ((1 - mpf(q)) ** (-1 / self.r) - 1)


class LeavingAtOnce(Leaving):
    """Leaves now with probability p, else goes on; p of those who stay is beta (a, b + 1)."""

    name = "leaving-at-once"

    def __init__(self, r, alpha, a, b):
        super().__init__(r, alpha, a, b)
        self.stays = self.b / (self.a + self.b)
        self.later = Leaving(r, alpha, a, mpf(b) + 1)

    def expected(self, t):
        return self.stays * self.later.expected(t)

    def pairs(self, t):
        return self.stays * self.later.pairs(t)

    def none(self, t):
        return 1 - self.stays + self.stays * self.later.none(t)

    def masses(self, t, ns):
        out = [self.stays * m for m in self.later.masses(t, ns)]
        return [out[0] + 1 - self.stays] + out[1:]

    def discounted(self, t, d):
        return self.stays * self.later.discounted(t, d)


STEADY = [(r, al, t) for r, al in [("0.01", "3"), ("0.384766", "12.07202"), (1, "0.5"), (30, 70), (1000, 800), ("2.5", "1e6")]
          for t in ["1e-6", "0.5", 39, 500, "1e6"]]
LAPSING = [
    ("0.55328", "10.57768", "0.60624", "11.66874", 52),
    ("2.55328", "49.43768", "0.60624", "50.52874", 39),
    ("26.55328", "41.57768", "0.60624", "42.66874", 52),
    ("0.55328", "49.57768", "0.60624", "50.66874", 39),
    ("0.55", "10.6", 1, "11.7", 52), ("0.55", "10.6", "1.000000000001", "11.7", 52),
    ("0.55", "10.6", "0.999999999999", "11.7", 52), ("0.55", "10.6", 2, "11.7", 52),
    ("0.55", "10.6", "64.3", "7721.5", 52), ("0.55", "10.6", 200, "1e6", 300),
    ("0.01", "0.1", "0.01", 100, 39), ("0.01", 100, "0.01", "0.1", 39),
    (501, 510, "0.3", 505, 365), (200, 105, "0.5", 106, 52), (5, "0.001", "0.5", 10, 39),
    ("0.5", 10, 5, "0.001", 39), (50, 2, 50, 3, 10), (3, "1e4", 2, "0.5", 1000),
    ("1.5", 8, "2.5", 9, "1e-5"), ("1.5", 8, "2.5", 9, "1e6"), ("0.02", 5, 30, 2000, "1e5"),
    (10, 5, "0.001", 1, 500), (100, 90, 3, 100, "0.3"),
]
AGING = [
    ("0.6", 10, "0.1", "0.6", 3, 52), ("2.6", "48.9", "0.05", "0.5", "1.1", 39), ("26.6", 41, "0.05", "0.5", "1.1", 52),
    ("0.6", "48.9", "0.3", "1.2", "0.02", 39), ("0.6", 10, "0.001", "0.6", "0.012", 52), ("0.6", 10, "0.2", 3, 500, "0.01"),
    ("1.5", 8, "0.5", "0.05", "1e4", 100), ("0.6", 10, "0.01", 20, 30, "1e4"),
]
LEAVING = [
    ("0.242595", "4.4136", "0.792922", "2.42591", 52), ("2.242595", "43.27", "0.792922", "4.42591", 39),
    ("26.242595", "35.4", "0.792922", "28.42591", 52), ("0.242595", "4.4136", 1, "2.4", 39),
    ("0.242595", "4.4136", "1.0000000000001", "2.4", 39), ("0.242595", "4.4136", "0.9999999999", "2.4", 39),
    ("0.11", "3.24", "0.31", "0.5", 30), ("0.11", "2.24", "0.31", "0.69", 30), ("0.5", 1, "0.001", "0.001", 50),
    ("0.5", 1, "0.001", 5, "1e6"), ("0.5", 1, 5, "0.001", "1e6"), ("0.5", 1, "0.8", "2.4", "1e6"),
    (5, 1, "0.8", "2.4", "1e4"), (50, 1, "0.8", 60, 100), (500, 510, "0.8", 502, 365), (500, 5, "0.8", 502, 365),
    ("0.5", 10, 2, 3, 39), ("0.5", 10, 2, 3, "1e-6"), ("0.02", 10, 2, "0.3", 5000),
]
RATES = ["0.0018328", "0.1"]
NS = [0, 1, 2, 5, 12]


def digits(x):
    return mp.nstr(mpf(x), 17, min_fixed=0, max_fixed=0)


def main():
    print("# The future process at hostile points, by mpmath at 50 digits: golden/make_future_process.py.")
    print("# masses are at n = 0, 1, 2, 5, 12. Rates are per unit of time. Relative tolerance 1e-8, masses absolute 1e-10.")
    for process, points in [(Steady, STEADY), (Lapsing, LAPSING), (Aging, AGING), (Leaving, LEAVING), (LeavingAtOnce, LEAVING[:8])]:
        for *parameters, t in points:
            one = process(*parameters)
            horizon = mpf(t)
            print(f"\n[[point]]\nprocess = \"{process.name}\"")
            print("parameters = [" + ", ".join(digits(x) for x in parameters) + "]")
            print(f"horizon = {digits(t)}")
            print(f"expected = {digits(one.expected(horizon))}")
            print(f"pairs = {digits(one.pairs(horizon))}")
            print(f"none = {digits(one.none(horizon))}")
            print("masses = [" + ", ".join(digits(m) for m in one.masses(horizon, NS)) + "]")
            print("rates = [" + ", ".join(digits(d) for d in RATES) + "]")
            print("discounted = [" + ", ".join(digits(one.discounted(horizon, mpf(d))) for d in RATES) + "]")
            print("residual = [" + ", ".join(digits(one.discounted(inf, mpf(d))) for d in RATES) + "]")
            print("waits = [" + ", ".join(digits(one.wait(mpf(q))) for q in ("0.05", "0.5", "0.9")) + "]", flush=True)


main()
