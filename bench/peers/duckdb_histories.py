"""Purchase histories with DuckDB: orders.parquet histories.parquet"""

import sys

import duckdb
from timing import timed

SQL = """
copy (
    with days as (
        select customer_id, ordered_at::date as day, sum(amount) as spend, count(*) as orders
        from read_parquet($orders)
        group by 1, 2
    ),
    observed as (select max(day) as last_day from days)
    select
        customer_id,
        count(*) - 1 as repeat_purchases,
        (max(day) - min(day)) / 7.0 as last_purchase_age,
        (any_value(last_day) - min(day)) / 7.0 as age,
        case when count(*) > 1 then (sum(spend) - arg_min(spend, day)) / (count(*) - 1) end as mean_spend,
        sum(orders) as orders,
        min(day) as first_order,
        max(day) as last_order,
        sum(spend) as historic_value
    from days, observed
    group by customer_id
) to '{histories}' (format parquet)
"""


def work():
    orders, histories = sys.argv[1:3]
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    connection.execute(SQL.replace("$orders", f"'{orders}'").format(histories=histories))
    return connection.execute(
        f"select count(*), sum(repeat_purchases) from read_parquet('{histories}')"
    ).fetchone()


timed(work, duckdb.__version__)
