"""BG/NBD or Pareto/NBD with pymc-marketing: bg-nbd|pareto-nbd map|nuts histories.parquet model.json

By maximum a posteriori, or 1,000 draws by its no-U-turn sampler: four chains, two at a time, with its own settings
else. What it compiles before the first step counts as its work: whoever calls it waits for that.
"""

import json
import sys
import warnings

import arviz
import pandas as pd
import pyarrow.parquet as pq
import pymc_marketing
from pymc_marketing import clv
from timing import timed

warnings.filterwarnings("ignore")
CHAINS, DRAWS_OF_CHAIN = 4, 250
NAMES = {"bg-nbd": ("r", "alpha", "a", "b"), "pareto-nbd": ("r", "alpha", "s", "beta")}


def work():
    id, method, histories, out = sys.argv[1:5]
    table = pq.read_table(histories, columns=["customer_id", "repeat_purchases", "last_purchase_age", "age"])
    columns = [table[name].to_numpy() for name in table.column_names]
    # The package's own names for the same four columns.
    data = pd.DataFrame(dict(zip(["customer_id", "frequency", "recency", "T"], columns)))
    model = {"bg-nbd": clv.BetaGeoModel, "pareto-nbd": clv.ParetoNBDModel}[id](data=data)
    names = NAMES[id]
    result = {}
    if method == "map":
        found = model.fit(method="map", progressbar=False)
    else:
        found = model.fit(
            method="mcmc", chains=CHAINS, draws=DRAWS_OF_CHAIN, cores=2, random_seed=1, progressbar=False
        )
        sizes = arviz.ess(found.posterior, var_names=list(names))
        result["effective_draws"] = {name: float(sizes[name]) for name in names}
    result["parameters"] = {name: float(found.posterior[name].mean()) for name in names}
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"model": id, "time_unit": "week", "parameters": result["parameters"]}, file)
    return result


if __name__ == "__main__":
    timed(work, pymc_marketing.__version__)
