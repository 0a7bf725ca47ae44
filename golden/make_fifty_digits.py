"""Makes golden/fifty_digits.csv: 2,000 random customers of eight purchase models, by mpmath with 50 digits and more.

Run from the project root: python3 golden/make_fifty_digits.py > golden/fifty_digits.csv
Some ten minutes on one core, most of them for GGom/NBD. Parameters, ages and horizons are drawn with four digits and taken as the binary64 numbers
that a program reads. Likelihoods are the closed forms of the papers (hypergeometric functions, sums of beta functions,
of ticks) and, for GGom/NBD, adaptive quadrature over the moment of leaving; forecasts are the papers' closed forms or
plain sums over the n-th purchase to come. The program takes other routes: quadrature for Pareto/NBD, tables and
recurrences for the rest. Working precision is 110 digits where the closed forms cancel; 20 digits are printed.

Columns: the model's id; its parameters in the order of the catalogue; repeat purchases, last purchase age and age; the
sum of the logarithms of the interpurchase times where it is known; the horizon; then log-likelihood, P(alive) and
expected purchases within the horizon.
"""

import random

from mpmath import mp, mpf, quad, log, exp, expm1, log1p, loggamma, hyp2f1, beta as beta_function

PRECISE, PLAIN = 110, 50
draws = random.Random(20260101)


def rounded(value):
    return float(f"{value:.4g}")


def spread(lowest, highest):
    """A number with four digits, uniform in its logarithm."""
    return rounded(lowest * (highest / lowest) ** draws.random())


def around(typical, factor):
    return [spread(value / factor, value * factor) for value in typical]


def ln_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def ln_purchases(r, alpha, x, t):
    """ln of E[rate^x exp(-rate t)]."""
    return loggamma(r + x) - loggamma(r) + r * log(alpha) - (r + x) * log(alpha + t)


def nbd(values, x, last, age, horizon, _):
    r, alpha = values
    return ln_purchases(r, alpha, x, age), mpf(1), (r + x) / (alpha + age) * horizon


def pareto_nbd(values, x, last, age, horizon, _):
    """Likelihood and forecast by the hypergeometric function of the 2005 note on Pareto/NBD."""
    r, alpha, s, beta = values
    total = r + s + x
    if alpha >= beta:
        part = lambda t: hyp2f1(total, s + 1, total + 1, (alpha - beta) / (alpha + t)) / (alpha + t) ** total
    else:
        part = lambda t: hyp2f1(total, r + x, total + 1, (beta - alpha) / (beta + t)) / (beta + t) ** total
    common = exp(loggamma(r + x) - loggamma(r) + r * log(alpha) + s * log(beta))
    staying = common / ((alpha + age) ** (r + x) * (beta + age) ** s)
    left = common * s / total * (part(last) - part(age))
    mean = (r + x) * (beta + age) / ((alpha + age) * (s - 1)) * (1 - ((beta + age) / (beta + age + horizon)) ** (s - 1))
    alive = staying / (staying + left)
    return log(staying + left), alive, alive * mean


def until_heads(r, alpha, a, b, horizon):
    """Expected purchases of a customer who may leave after each of them: equation 9 of the BG/NBD paper."""
    total = a + b - 1
    return total / (a - 1) * (
        1 - (alpha / (alpha + horizon)) ** r * hyp2f1(r, b, total, horizon / (alpha + horizon)))


def coin(at_once):
    def model(values, x, last, age, horizon, _):
        r, alpha, a, b = values
        tosses = x + at_once
        staying = exp(ln_beta(a, b + tosses) - ln_beta(a, b) + ln_purchases(r, alpha, x, age))
        left = mpf(0)
        if tosses > 0:
            left = exp(ln_beta(a + 1, b + tosses - 1) - ln_beta(a, b) + ln_purchases(r, alpha, x, last))
        alive = staying / (staying + left)
        return log(staying + left), alive, alive * until_heads(r + x, alpha + age, a, b + tosses, horizon)

    return model


def bg_bb(values, x, last, age, horizon, _):
    alpha, beta, gamma, delta = values
    n, last, horizon = int(age), int(last), int(horizon)
    buys = lambda heads, tails: beta_function(alpha + heads, beta + tails) / beta_function(alpha, beta)
    stays = lambda left, stayed: beta_function(gamma + left, delta + stayed) / beta_function(gamma, delta)
    total = buys(x, n - x) * stays(0, n)
    total += sum(buys(x, t - x) * stays(1, t) for t in range(last, n))
    alive = buys(x, n - x) * stays(0, n + 1) / total
    to_come = buys(x + 1, n - x) * sum(stays(0, n + j) for j in range(1, horizon + 1)) / total
    return log(total), alive, to_come


def regular_coin(at_once):
    def model(values, x, last, age, horizon, sum_ln):
        k, (r, alpha, a, b) = int(values[0]), values[1:]
        tosses, silence, ticks = x + at_once, age - last, k * x
        ln_timing = mpf(0)
        if sum_ln is not None:
            ln_timing = (k - 1) * sum_ln - x * loggamma(k)
        elif x > 0:
            ln_timing = (k - 1) * x * log(last) + loggamma(x) - loggamma(ticks)
        since = [exp(ln_purchases(r, alpha, ticks + j, age) - loggamma(j + 1)) * (silence ** j if j else 1)
                 for j in range(k)]
        staying = exp(ln_timing + ln_beta(a, b + tosses) - ln_beta(a, b)) * sum(since)
        left = mpf(0)
        if tosses > 0:
            left = exp(ln_timing + ln_beta(a + 1, b + tosses - 1) - ln_beta(a, b) + ln_purchases(r, alpha, ticks, last))
        alive = staying / (staying + left)
        # The n-th purchase to come needs k n - j more ticks, whose number is negative binomial, and n - 1 tails.
        mean = mpf(0)
        share = horizon / (alpha + age + horizon)
        for j, weight in enumerate(since):
            shape = r + ticks + j
            mass, tail, ticked = (1 - share) ** shape, mpf(1), 0
            tails, n, part = mpf(1), 1, mpf(0)
            while True:
                while ticked < k * n - j:
                    tail -= mass
                    mass *= share * (shape + ticked) / (ticked + 1)
                    ticked += 1
                part += tail * tails
                if tail * tails < mpf(10) ** -40 * part:
                    break
                tails *= (b + tosses + n - 1) / (a + b + tosses + n - 1)
                n += 1
            mean += weight / sum(since) * part
        return log(staying + left), alive, alive * mean

    return model


def ggom_nbd(values, x, last, age, horizon, _):
    r, alpha, b, s, beta = values
    ln_survival = lambda t: -s * log1p(expm1(b * t) / beta)
    ln_hazard = lambda t: log(s * b) + b * t - log(beta + expm1(b * t))

    def cut(begin, end):
        """Where to cut the time into pieces on which the integrand is tame."""
        n = 12
        return [begin + (end - begin) * mpf(k * k) / (n * n) for k in range(n + 1)]

    ln_staying = ln_purchases(r, alpha, x, age) + ln_survival(age)
    at = lambda t: exp(ln_purchases(r, alpha, x, t) + ln_survival(t) + ln_hazard(t) - ln_staying)
    left = quad(at, cut(last, age)) if age > last else mpf(0)
    alive = 1 / (1 + left)
    # Time that is left to a customer of this age, within the horizon.
    remaining = quad(lambda u: exp(ln_survival(age + u) - ln_survival(age)), cut(mpf(0), horizon))
    return ln_staying + log1p(left), alive, alive * (r + x) / (alpha + age) * remaining


def continuous(typical, factor, oldest, most, longest):
    age = spread(0.01, oldest)
    count = int(spread(0.5, most))
    last = 0.0 if count == 0 else age if draws.random() < 0.1 else min(age, rounded(age * draws.random() + 1e-4))
    return around(typical, factor), count, last, age, None, spread(0.1, longest)


def busy(typical):
    return continuous(typical, 20, 500, 600, 300)


def of_ticks(typical):
    values, count, last, age, _, horizon = continuous(typical, 5, 300, 60, 100)
    phases = draws.randint(1, 6)
    known = None
    if count > 0 and draws.random() < 0.5:
        known = rounded(count * float(log(mpf(last) / count)) - count * spread(0.01, 2) - 0.01)
    return [phases] + values, count, last, age, known, horizon


def of_occasions(typical):
    age = int(spread(1, 200))
    last = age if draws.random() < 0.2 else int(age * draws.random() ** 2 + 0.5)
    count = draws.randint(1, last) if last > 0 else 0
    return around(typical, 15), count, float(last), float(age), None, float(int(spread(1, 150)))


def of_age(typical):
    return continuous(typical, 5, 100, 60, 60)


MODELS = [
    ("nbd", 200, PRECISE, nbd, lambda: busy([0.6, 10])),
    ("pareto-nbd", 400, PRECISE, pareto_nbd, lambda: busy([0.6, 10, 0.7, 12])),
    ("bg-nbd", 400, PRECISE, coin(0), lambda: busy([0.6, 10, 0.8, 2.5])),
    ("mbg-nbd", 300, PRECISE, coin(1), lambda: busy([0.6, 10, 0.8, 2.5])),
    ("bg-bb", 200, PLAIN, bg_bb, lambda: of_occasions([1.2, 0.75, 0.66, 2.8])),
    ("bg-cnbd-k", 150, PRECISE, regular_coin(0), lambda: of_ticks([0.6, 4, 0.8, 2.5])),
    ("mbg-cnbd-k", 150, PRECISE, regular_coin(1), lambda: of_ticks([0.6, 4, 0.8, 2.5])),
    ("ggom-nbd", 150, PLAIN, ggom_nbd, lambda: of_age([0.6, 10, 0.05, 0.5, 1.5])),
    ("pareto-nbd", 50, PRECISE, pareto_nbd, lambda: busy([0.6, 10, 0.7, 12])),
]


def main():
    print("model,parameters,repeat_purchases,last_purchase_age,age,sum_ln_interpurchase_times,horizon,ln_likelihood,"
          "probability_alive,expected_future_purchases")
    for name, number, digits, model, draw in MODELS:
        mp.dps = digits
        for _ in range(number):
            values, count, last, age, known, horizon = draw()
            exact = [mpf(value) for value in values]
            found = model(exact, count, mpf(last), mpf(age), mpf(horizon), None if known is None else mpf(known))
            shown = [" ".join(f"{value:g}" for value in values), str(count), f"{last:g}", f"{age:g}",
                     "" if known is None else f"{known:g}", f"{horizon:g}"]
            print(",".join([name, *shown, *(mp.nstr(value, 20) for value in found)]), flush=True)


main()
