"""Makes cdnow_orders.csv from the wheel of the Python package lifetimes 0.11.3.

    pip download --no-deps lifetimes==0.11.3
    python3 make_sample.py Lifetimes-0.11.3-py3-none-any.whl

Standard library only. The wheel holds the orders as text in columns of varying width: the id in the full
data set, the id within the sample, the date, the number of discs and the amount. The first id is kept, as
text with its leading zeros, because it is unique to a customer and says that ids are not numbers.
"""

import csv
import datetime
import pathlib
import sys
import zipfile
from decimal import Decimal

INSIDE = "lifetimes/datasets/CDNOW_sample.txt"
EXPECTED = (6_919, 2_357, Decimal("244091.94"))


def orders(wheel):
    """Yields customer_id, ordered_at, quantity and amount for each line, in the order of the file."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(INSIDE).decode("ascii")
    for line in text.splitlines():
        customer, _, day, quantity, amount = line.split()
        date = datetime.datetime.strptime(day, "%Y%m%d").date()
        yield customer, date.isoformat(), int(quantity), Decimal(amount)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_sample.py WHEEL")
    rows = list(orders(sys.argv[1]))
    found = (len(rows), len({row[0] for row in rows}), sum(row[3] for row in rows))
    if found != EXPECTED:
        sys.exit(f"{INSIDE}: rows, customers and total are {found}, expected {EXPECTED}")
    target = pathlib.Path(__file__).with_name("cdnow_orders.csv")
    with target.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["customer_id", "ordered_at", "quantity", "amount"])
        writer.writerows(rows)
    print(f"{target.name}: {found[0]:,} orders, {found[1]:,} customers, total {found[2]:,}")


if __name__ == "__main__":
    main()
