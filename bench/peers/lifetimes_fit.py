"""A fit with lifetimes: pareto-nbd|bg-nbd histories.parquet model.json"""

import json
import sys
import warnings

import numpy as np
import pyarrow.parquet as pq
from lifetimes import BetaGeoFitter, ParetoNBDFitter, __version__
from timing import timed

warnings.filterwarnings("ignore")
np.seterr(all="ignore")


def work():
    model, histories, out = sys.argv[1:4]
    names = ["repeat_purchases", "last_purchase_age", "age"]
    table = pq.read_table(histories, columns=names)
    x, t_x, age = (table[name].to_numpy().astype(float) for name in names)
    fitter = {"pareto-nbd": ParetoNBDFitter, "bg-nbd": BetaGeoFitter}[model]()
    fitter.fit(x, t_x, age)
    parameters = {name: float(value) for name, value in fitter.params_.items()}
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"model": model, "time_unit": "week", "parameters": parameters}, file)
    return {"parameters": parameters}


timed(work, __version__)
