"""Purchase histories with Polars' streaming engine: orders.parquet histories.parquet"""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = "2"

import polars as pl
from timing import timed


def work():
    orders, histories = sys.argv[1:3]
    column = pl.col
    days = (
        pl.scan_parquet(orders)
        .with_columns(column("ordered_at").dt.date().alias("day"))
        .group_by("customer_id", "day")
        .agg(column("amount").sum().alias("spend"), pl.len().alias("orders"))
    )
    one = (
        days.group_by("customer_id")
        .agg(
            (pl.len() - 1).alias("repeat_purchases"),
            column("day").min().alias("first_order"),
            column("day").max().alias("last_order"),
            column("orders").sum(),
            column("spend").sum().alias("historic_value"),
            column("spend").min_by("day").alias("first_spend"),
        )
        .select(
            "customer_id",
            "repeat_purchases",
            ((column("last_order") - column("first_order")).dt.total_days() / 7.0).alias("last_purchase_age"),
            ((column("last_order").max() - column("first_order")).dt.total_days() / 7.0).alias("age"),
            pl.when(column("repeat_purchases") > 0)
            .then((column("historic_value") - column("first_spend")) / column("repeat_purchases"))
            .alias("mean_spend"),
            "orders",
            "first_order",
            "last_order",
            "historic_value",
        )
    )
    one.sink_parquet(histories, engine="streaming")
    return pl.scan_parquet(histories).select(pl.len(), column("repeat_purchases").sum()).collect().row(0)


timed(work, pl.__version__)
