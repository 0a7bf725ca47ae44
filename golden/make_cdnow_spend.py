"""Writes cdnow_spend.csv: repeat purchases and their mean spend of the 946 CDNOW repeat buyers, to 1997-09-30.

Source: CDNOW_sample.txt as it ships with the Python package lifetimes 0.11.3 (MIT licence). Give its path, or the path
of the package's wheel: `python make_cdnow_spend.py Lifetimes-0.11.3-py3-none-any.whl`. Orders of one day are one
purchase; the first day's does not count. Dollars.
"""

import collections
import datetime
import pathlib
import sys
import zipfile
from fractions import Fraction

END = datetime.date(1997, 9, 30)


def lines(path):
    if zipfile.is_zipfile(path):
        return zipfile.ZipFile(path).read("lifetimes/datasets/CDNOW_sample.txt").decode("ascii").splitlines()
    return pathlib.Path(path).read_text(encoding="ascii").splitlines()


spends = collections.defaultdict(lambda: collections.defaultdict(Fraction))
for line in lines(sys.argv[1]):
    if line.strip():
        _, customer, date, _, amount = line.split()
        day = datetime.datetime.strptime(date, "%Y%m%d").date()
        if day <= END:
            spends[customer][day] += Fraction(amount)

with open("cdnow_spend.csv", "w", encoding="ascii") as out:
    print("n_purchases,mean_spend", file=out)
    for customer in sorted(spends):
        repeats = [amount for day, amount in sorted(spends[customer].items())][1:]
        if repeats and sum(repeats) > 0:
            print(len(repeats), float(sum(repeats) / len(repeats)), sep=",", file=out)
