"""BG/NBD by maximum a posteriori with pymc-marketing: bg-nbd histories.parquet model.json"""

import json
import sys

import pandas as pd
import pyarrow.parquet as pq
import pymc_marketing
from pymc_marketing import clv
from timing import timed


def work():
    _, histories, out = sys.argv[1:4]
    table = pq.read_table(histories, columns=["customer_id", "repeat_purchases", "last_purchase_age", "age"])
    columns = [table[name].to_numpy() for name in table.column_names]
    # The package's own names for the same four columns.
    data = pd.DataFrame(dict(zip(["customer_id", "frequency", "recency", "T"], columns)))
    model = clv.BetaGeoModel(data=data)
    model.fit(method="map", progressbar=False)
    summary = model.fit_summary()
    parameters = {name: float(value) for name, value in dict(summary).items() if name in ("r", "alpha", "a", "b")}
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"model": "bg-nbd", "time_unit": "week", "parameters": parameters}, file)
    return {"parameters": parameters}


timed(work, pymc_marketing.__version__)
