"""Writes bg_nbd_posterior.toml: the posterior of BG/NBD on CDNOW by a random-walk Metropolis sampler in numpy.

The prior is normal in the logarithms of r, alpha over the mean age, a and b, each with mean 0 and standard deviation 3. The
likelihood is that of Fader, Hardie and Lee (2005), equation 6, written here on its own. Monte Carlo errors are from
means of batches.

Run in this folder: python3 make_bg_nbd_posterior.py
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

x, t_x, age, n = np.loadtxt("cdnow_histories.csv", delimiter=",", skiprows=1).T
t_x, age = t_x / 7, age / 7
unit = np.sum(n * age) / np.sum(n)


def ln_posterior(free):
    r, alpha, a, b = np.exp(free) * np.array([1, unit, 1, 1])
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    repeated = np.maximum(x, 1)
    left = betaln(a + 1, b + repeated - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    either = np.where(x > 0, np.logaddexp(alive, left), alive)
    value = np.sum(n * (gammaln(r + x) - gammaln(r) + r * np.log(alpha) + either))
    return value - np.sum(free**2) / (2 * 9)


random = np.random.default_rng(20)


def chain(here, root, n_draws):
    value = ln_posterior(here)
    kept = np.empty((n_draws, 4))
    for i in range(n_draws):
        there = here + 1.2 * root @ random.standard_normal(4)
        proposed = ln_posterior(there)
        if np.log(random.uniform()) < proposed - value:
            here, value = there, proposed
        kept[i] = here
    return kept


mode = minimize(lambda free: -ln_posterior(free), [0, 0, 0, 0], method="Nelder-Mead", options={"maxiter": 2000}).x
# Steps are shaped by the spread of what two shorter chains found.
root = 0.1 * np.eye(4)
for n_pilot in (8_000, 15_000):
    pilot = chain(mode, root, n_pilot)
    root = np.linalg.cholesky(np.cov(pilot[n_pilot // 4 :].T))
chains = [chain(mode + root @ random.standard_normal(4), root, 42_000)[2_000:] for _ in range(4)]
draws = np.array(chains)
batches = draws.reshape(4 * 40, 1000, 4).mean(axis=1)
with open("bg_nbd_posterior.toml", "w", encoding="ascii") as out:
    out.write('# Written by make_bg_nbd_posterior.py: logarithms of the parameters, alpha in weeks.\n')
    out.write('source = "random-walk Metropolis in numpy, 4 chains of 40,000 draws"\n')
    for k, name in enumerate(["r", "alpha", "a", "b"]):
        shift = np.log(unit) if name == "alpha" else 0.0
        out.write(
            f"\n[{name}]\nln_mean = {draws[:, :, k].mean() + shift:.5f}\nln_sd = {draws[:, :, k].std():.5f}\n"
            f"ln_mean_error = {batches[:, k].std(ddof=1) / np.sqrt(len(batches)):.5f}\n"
        )
