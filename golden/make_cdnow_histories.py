"""Writes cdnow_histories.csv: the CDNOW 1/10 sample as purchase histories, calibrated to 1997-09-30.

Source: CDNOW_sample.txt as it ships with the Python package lifetimes 0.11.3 (MIT licence). Give its path, or the path
of the package's wheel: `python make_cdnow_histories.py Lifetimes-0.11.3-py3-none-any.whl`. Times are whole days from the
customer's first order; orders of one day are one occasion; `customers` is how many share the row, and
`sum_ln_interpurchase_days` the mean over them of the sum of the natural logarithms of the days between neighbouring purchases.
"""

import collections
import datetime
import math
import pathlib
import sys
import zipfile

END = datetime.date(1997, 9, 30)


def lines(path):
    if zipfile.is_zipfile(path):
        return zipfile.ZipFile(path).read("lifetimes/datasets/CDNOW_sample.txt").decode("ascii").splitlines()
    return pathlib.Path(path).read_text(encoding="ascii").splitlines()


days = collections.defaultdict(set)
for line in lines(sys.argv[1]):
    if line.strip():
        _, customer, date, *_ = line.split()
        day = datetime.datetime.strptime(date, "%Y%m%d").date()
        if day <= END:
            days[customer].add(day)

rows, sums = collections.Counter(), collections.defaultdict(list)
for of in days.values():
    row = (len(of) - 1, (max(of) - min(of)).days, (END - min(of)).days)
    in_order = sorted(of)
    rows[row] += 1
    sums[row].append(math.fsum(math.log((later - earlier).days) for earlier, later in zip(in_order, in_order[1:])))
with open("cdnow_histories.csv", "w", encoding="ascii") as out:
    print("repeat_purchases,last_purchase_age_days,age_days,customers,sum_ln_interpurchase_days", file=out)
    for row, customers in sorted(rows.items()):
        print(*row, customers, repr(math.fsum(sums[row]) / customers), sep=",", file=out)
