"""Scores with lifetimes' Pareto/NBD and gamma-gamma: histories.parquet model.json scores.parquet

Per customer: expected purchases over 52 weeks, P(alive), and their value as purchases times expected spend. The
gamma-gamma parameters are given, so that only the scoring counts.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from lifetimes import GammaGammaFitter, ParetoNBDFitter, __version__
from timing import timed

warnings.filterwarnings("ignore")
np.seterr(all="ignore")
HORIZON_WEEKS = 52.0


def work():
    histories, model, out = sys.argv[1:4]
    with open(model, encoding="utf-8") as file:
        parameters = json.load(file)["parameters"]
    purchases, spend = ParetoNBDFitter(), GammaGammaFitter()
    purchases.params_ = pd.Series({name: parameters[name] for name in ("r", "alpha", "s", "beta")})
    spend.params_ = pd.Series({"p": 6.25, "q": 3.74, "v": 15.44})
    table = pq.read_table(histories)
    x, t_x, age = (
        table[name].to_numpy().astype(float) for name in ("repeat_purchases", "last_purchase_age", "age")
    )
    mean_spend = np.nan_to_num(table["mean_spend"].to_numpy().astype(float))
    expected = purchases.conditional_expected_number_of_purchases_up_to_time(HORIZON_WEEKS, x, t_x, age)
    alive = purchases.conditional_probability_alive(x, t_x, age)
    value = expected * spend.conditional_expected_average_profit(x, mean_spend)
    columns = {
        "customer_id": table["customer_id"],
        "expected_purchases": pa.array(np.asarray(expected)),
        "probability_alive": pa.array(np.asarray(alive)),
        "residual_value": pa.array(np.asarray(value)),
    }
    pq.write_table(pa.table(columns), out)
    return {"residual_value": float(np.nansum(value)), "not_a_number": int(np.isnan(value).sum())}


timed(work, __version__)
