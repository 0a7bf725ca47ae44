"""Simulates a shop and writes its orders as Parquet.

    python3 shop.py N_CUSTOMERS orders.parquet

Customers are gained evenly over two years. Each buys at a rate of their own until they leave, unseen, and spends
around a mean of their own: Pareto/NBD purchases with gamma-gamma spend, at parameters near those of the CDNOW
sample. About 2.9 orders a customer. The same number of customers always gives the same file.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WEEKS = 104.0
R, ALPHA, S, BETA = 0.55, 7.6, 0.61, 11.7
P, Q, GAMMA = 6.25, 3.74, 15.44
START = np.datetime64("2023-01-02T00:00:00", "us")
MICROSECONDS_PER_WEEK = 7 * 86_400 * 1_000_000
ROWS_PER_GROUP = 1_000_000


def orders(n_customers):
    """The orders by time: customer ids, instants in microseconds since START, amounts in whole cents."""
    random = np.random.default_rng(20_240_101 + n_customers)
    first = random.uniform(0.0, WEEKS, n_customers)
    rate = random.gamma(R, 1.0 / ALPHA, n_customers)
    dropout_rate = random.gamma(S, 1.0 / BETA, n_customers)
    lifetime = random.exponential(1.0, n_customers) / np.maximum(dropout_rate, 1e-12)
    active = np.minimum(lifetime, WEEKS - first)
    n_repeats = random.poisson(rate * active)
    repeater = np.repeat(np.arange(n_customers), n_repeats)
    later = first[repeater] + random.uniform(0.0, 1.0, repeater.size) * active[repeater]
    customer = np.concatenate([np.arange(n_customers), repeater])
    weeks = np.concatenate([first, later])
    spend_rate = random.gamma(Q, 1.0 / GAMMA, n_customers)
    amount = np.round(random.gamma(P, 1.0, customer.size) / spend_rate[customer], 2)
    ids = random.permutation(n_customers).astype(np.int64) + 1
    by_time = np.argsort(weeks, kind="stable")
    instant = (weeks[by_time] * MICROSECONDS_PER_WEEK).astype(np.int64)
    return ids[customer[by_time]], instant, amount[by_time]


def main():
    n_customers, path = int(sys.argv[1]), sys.argv[2]
    ids, instant, amount = orders(n_customers)
    table = pa.table({
        "customer_id": pa.array(ids),
        "ordered_at": pa.array(START + instant.astype("timedelta64[us]"), pa.timestamp("us")),
        "amount": pa.array(amount),
    })
    pq.write_table(table, path, compression="zstd", row_group_size=ROWS_PER_GROUP)
    print(f"{ids.size:,} orders of {n_customers:,} customers, {ids.size / n_customers:.2f} each")


if __name__ == "__main__":
    main()
