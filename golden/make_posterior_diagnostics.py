"""Writes posterior_diagnostics.csv: R-hat, effective sample sizes and k-hat of made-up draws, by numpy and scipy.

The formulas are those of Vehtari et al. (2021, 2024) and Zhang and Stephens (2009), written down here on their own; the draws
come from a congruential generator that any language can repeat.

Run in this folder: python3 make_posterior_diagnostics.py
"""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import genpareto, norm, rankdata


def uniforms(n, seed):
    state, out = seed, []
    for _ in range(n):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        out.append((state // 2048) / 2.0**53)
    return np.array(out)


def chains(case):
    """Four chains of 250 draws."""
    u = uniforms(1000, 11).reshape(4, 250)
    if case == "independent":
        return u
    if case == "cauchy":
        return np.tan(np.pi * (u - 0.5))
    if case == "shifted":
        return u + 0.2 * np.arange(4)[:, None]
    if case == "spread":
        return (u - 0.5) * (1 + np.arange(4)[:, None])
    phi = {"sticky": 0.9, "swinging": -0.5}[case]
    x = np.empty_like(u)
    for c in range(4):
        x[c, 0] = u[c, 0]
        for i in range(1, 250):
            x[c, i] = phi * x[c, i - 1] + u[c, i]
    return x


def split(x):
    half = x.shape[1] // 2
    return np.vstack([np.stack([row[:half], row[-half:]]) for row in x])


def scores(x):
    ranks = rankdata(x, method="average").reshape(x.shape)
    return norm.ppf((ranks - 3 / 8) / (x.size + 1 / 4))


def r_hat_of(x):
    n = x.shape[1]
    between = n * np.var(x.mean(axis=1), ddof=1)
    within = np.mean(np.var(x, axis=1, ddof=1))
    return np.sqrt(((n - 1) / n * within + between / n) / within)


def r_hat(x):
    halves = split(x)
    return max(r_hat_of(scores(halves)), r_hat_of(scores(np.abs(halves - np.median(halves)))))


def ess_of(x):
    m, n = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    spectrum = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    acov = np.fft.irfft(spectrum, size, axis=1)[:, :n].mean(axis=0) / n
    within = acov[0] * n / (n - 1)
    plus = within * (n - 1) / n + (np.var(x.mean(axis=1), ddof=1) if m > 1 else 0)
    rho = 1 - (within - acov) / plus
    rho[0] = 1
    # Geyer: pairs for as long as they are positive, then made monotone.
    pairs = []
    k = 0
    while 2 * k + 1 < n and rho[2 * k] + rho[2 * k + 1] > 0:
        pairs.append(rho[2 * k] + rho[2 * k + 1])
        k += 1
    # Of the first pair that is not, what is positive counts once.
    extra = max(rho[2 * k], 0) if 2 * k + 1 < n else 0
    tau = -1 + 2 * np.minimum.accumulate(pairs).sum() + extra
    return m * n / max(tau, 1 / np.log10(m * n))


def bulk(x):
    return ess_of(scores(split(x)))


def tail(x):
    return min(ess_of(split((x <= np.quantile(x, q)).astype(float))) for q in (0.05, 0.95))


def pareto_fit(x):
    x = np.sort(x)
    n = len(x)
    m = 30 + int(np.sqrt(n))
    j = np.arange(1, m + 1)
    theta = 1 / x[-1] + (1 - np.sqrt(m / (j - 0.5))) / 3 / x[int(n / 4 + 0.5) - 1]
    k = np.array([np.mean(np.log1p(-t * x)) for t in theta])
    profile = n * (np.log(-theta / k) - k - 1)
    weight = np.exp(profile - logsumexp(profile))
    t = np.sum(theta * weight)
    k = np.mean(np.log1p(-t * x))
    return (n * k + 5) / (n + 10), -k / t


def psis(ln_ratio):
    ln_ratio = ln_ratio - ln_ratio.max()
    n = len(ln_ratio)
    size = int(np.ceil(min(0.2 * n, 3 * np.sqrt(n))))
    order = np.argsort(ln_ratio)
    cut = np.exp(ln_ratio[order[-size - 1]])
    where = order[-size:]
    k, sigma = pareto_fit(np.exp(ln_ratio[where]) - cut)
    ratio = np.exp(ln_ratio)
    ratio[where] = np.minimum(cut + genpareto.ppf((np.arange(size) + 0.5) / size, k, scale=sigma), 1)
    weight = ratio / ratio.sum()
    return k, 1 / np.sum(weight**2), weight.max()


rows = ["function,case,value"]
for case in "independent cauchy shifted spread sticky swinging".split():
    draws = chains(case)
    for name, function in (("r_hat", r_hat), ("bulk", bulk), ("tail", tail)):
        rows.append(f"{name},{case},{function(draws):.12g}")
# Ratios u^-k have a tail of shape k.
for case, shape in (("light", 0.1), ("middling", 0.5), ("heavy", 0.9)):
    k, ess, largest = psis(-shape * np.log(uniforms(1000, 5)))
    rows += [f"k_hat,{case},{k:.12g}", f"weight_ess,{case},{ess:.12g}", f"largest_weight,{case},{largest:.12g}"]
with open("posterior_diagnostics.csv", "w", encoding="ascii") as out:
    out.write("\n".join(rows) + "\n")
