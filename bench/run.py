"""Measures clv beside its peers on simulated shops; `cargo xtask bench` calls it.

Each stage is run by clv and by its peers in turn, three times over; the table gives medians. For clv the CPU seconds
(user + system) are those of the whole process, from the kernel; for a peer they are those of the work alone, without
starting Python and importing, which favours the peer. Peak memory is that of the whole process for both. All run
on the same two cores.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORES = 2
REPEATS = 3
TIME_LIMIT_S = 1_800
# The models that are fitted; the first two have peers.
FITTED = ("pareto-nbd", "bg-nbd", "mbg-cnbd-k", "ggom-nbd")
# lifetimes takes 36 CPU seconds for Pareto/NBD at 100,000 customers; beyond, and more than once, it adds nothing.
SLOW_PEER_LIMIT = 100_000
SLOW_PEER_ONCE = 50_000
# The sizes up to which pymc-marketing is asked, by model and method, and beyond which once only.
PYMC_LIMITS = {("bg-nbd", "map"): 1_000_000, ("pareto-nbd", "map"): 10_000, ("bg-nbd", "nuts"): 10_000}
PYMC_ONCE = 5_000
# clv's own NUTS is there to stand beside the peer's; `fast` is what people use.
NUTS_LIMIT = 10_000
# GGom/NBD integrates over lifetimes for each history: it is fitted up to this size, once.
SLOW_FITS = {"ggom-nbd": 100_000}


def run(command, time_limit_s=TIME_LIMIT_S):
    """Runs one command; its CPU and wall seconds, peak memory in MB, output, and why it failed, if it did."""
    start = time.perf_counter()
    # A small parent without threads: the kernel counts the parent's memory in a child's peak.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        signal.signal(signal.SIGALRM, lambda *_: child.kill())
        signal.alarm(time_limit_s)
        _, status, used = os.wait4(child.pid, 0)
        signal.alarm(0)
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", errors="replace"))
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return {
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter() - start,
        "peak_mb": used.ru_maxrss * bytes_per_unit / 1e6,
        "output": texts[0],
        # 3 is done, with rows put aside.
        "failure": None if child.returncode in (0, 3) else f"exit {child.returncode}: {texts[1].strip()[-400:]}",
    }


def run_peer(python, script, words):
    """Runs one of peers/*.py; the seconds are the ones it took from inside."""
    found = run([str(python), str(HERE / "peers" / script), *map(str, words)])
    if found["failure"] is None:
        inside = json.loads(found["output"].strip().splitlines()[-1])
        found.update(cpu_s=inside["cpu_s"], wall_s=inside["wall_s"])
        found["version"], found["result"] = inside["version"], inside["result"]
    return found


def median_of(runs):
    """Medians over the runs that ended well; the failure where one did not."""
    failures = [one["failure"] for one in runs if one["failure"]]
    if failures:
        return {"failure": failures[0], "runs": len(runs)}
    names = ("cpu_s", "wall_s", "peak_mb")
    medians = {name: statistics.median(one[name] for one in runs) for name in names}
    last = {name: runs[-1][name] for name in ("version", "result") if name in runs[-1]}
    return {**medians, **last, "failure": None, "runs": len(runs)}


def stage(n_customers, name, contenders, repeats):
    """Runs the contenders of one stage in turn; each is (who, how often at most, a function that runs it once)."""
    runs = {who: [] for who, _, _ in contenders}
    for repeat in range(repeats):
        for who, at_most, once in contenders:
            if repeat < at_most:
                print(f"{n_customers:,} customers, {name}, {who}", file=sys.stderr)
                runs[who].append(once())
    return {"customers": n_customers, "stage": name, "medians": {who: median_of(all_) for who, all_ in runs.items()}}


def stages(options, n_customers):
    """All stages for a shop of this size, in the order in which they need each other's files."""
    folder = options.folder / f"shop_{n_customers}"
    folder.mkdir(parents=True, exist_ok=True)
    orders = folder / "orders.parquet"
    if not orders.exists():
        part = folder / "orders.part"
        subprocess.run([sys.executable, str(HERE / "shop.py"), str(n_customers), str(part)], check=True, stdout=sys.stderr)
        part.rename(orders)

    repeats = 1 if options.quick else options.repeats
    python = sys.executable
    histories, peer_histories = folder / "histories.parquet", folder / "histories_duckdb.parquet"
    models = {id: folder / f"{id}.json" for id in FITTED}
    peer_models = {id: folder / f"{id}_lifetimes.json" for id in ("pareto-nbd", "bg-nbd")}
    weekly = ["--time-unit", "week"]

    def clv(*words, who="clv", at_most=repeats):
        command = [str(options.clv), *map(str, words)]
        return (who, at_most, lambda: run(command))

    def peer(who, script, *words, at_most=repeats):
        return (who, at_most, lambda: run_peer(python, script, words))

    def pymc(id, method):
        """pymc-marketing, where it is asked for and survives this size."""
        if not options.pymc or n_customers > PYMC_LIMITS.get((id, method), 0):
            return []
        at_most = 1 if n_customers > PYMC_ONCE else repeats
        words = (id, method, peer_histories, folder / f"{id}_pymc_{method}.json")
        return [(f"pymc-marketing, {method}", at_most, lambda: run_peer(options.pymc, "pymc_fit.py", words))]

    yield stage(n_customers, "histories", [
        clv("histories", orders, "-o", histories, *weekly),
        peer("DuckDB", "duckdb_histories.py", orders, peer_histories),
        peer("Polars", "polars_histories.py", orders, folder / "histories_polars.parquet"),
    ], repeats)

    for id in models:
        if n_customers > SLOW_FITS.get(id, n_customers):
            continue
        at_most = 1 if id in SLOW_FITS else repeats
        contenders = [clv("fit", histories, "--model", id, "-o", models[id], at_most=at_most)]
        is_slow = id == "pareto-nbd"
        if id in peer_models and (not is_slow or n_customers <= SLOW_PEER_LIMIT):
            at_most = 1 if is_slow and n_customers > SLOW_PEER_ONCE else repeats
            words = (id, peer_histories, peer_models[id])
            contenders.append(peer("lifetimes", "lifetimes_fit.py", *words, at_most=at_most))
        yield stage(n_customers, f"fit {id}", contenders + pymc(id, "map"), repeats)

    drawn = folder / "pareto-nbd_drawn.json"
    for id, out in (("pareto-nbd", drawn), ("bg-nbd", folder / "bg-nbd_drawn.json")):
        words = ("fit", histories, "--model", id, "--posterior")
        contenders = [clv(*words, "fast", "-o", out)]
        if n_customers <= NUTS_LIMIT:
            contenders.append(clv(*words, "nuts", "-o", folder / f"{id}_nuts.json", who="clv, nuts", at_most=1))
        yield stage(n_customers, f"posterior {id}", contenders + pymc(id, "nuts"), repeats)

    year = ["--horizon", "52w"]
    contenders = [clv("value", histories, "--model-file", models["pareto-nbd"], *year, "-o", folder / "value.parquet")]
    fitted = next((path for path in (peer_models["pareto-nbd"], models["pareto-nbd"]) if path.exists()), None)
    if fitted:
        words = (peer_histories, plain_model(fitted, folder), folder / "scores_lifetimes.parquet")
        contenders.append(peer("lifetimes", "lifetimes_score.py", *words))
    yield stage(n_customers, "score", contenders, repeats)
    for name, model in (("forecast", models["pareto-nbd"]), ("forecast, drawn", drawn)):
        words = ("forecast", histories, "--model-file", model, *year, "-o", folder / "forecast.parquet")
        yield stage(n_customers, name, [clv(*words)], repeats)

    yield stage(n_customers, "whole", [
        clv("value", orders, "--model", "pareto-nbd", *year, "-o", folder / "value_whole.parquet"),
        peer("DuckDB", "duckdb_histories.py", orders, peer_histories),
    ], repeats)
    yield stage(n_customers, "report", [clv("report", orders, "-o", folder / "report.html")], repeats)


def inside(options, n_customers):
    """CPU seconds of the stages inside one process, of which `stages` prints one a line: medians over the runs."""
    histories = options.folder / f"shop_{n_customers}" / "histories.parquet"
    runs = []
    for _ in range(1 if options.quick else options.repeats):
        print(f"{n_customers:,} customers, inside one process", file=sys.stderr)
        found = run([str(options.stages), str(histories)])
        if found["failure"]:
            return {"customers": n_customers, "failure": found["failure"], "stages": {}}
        lines = [line.rsplit(None, 1) for line in found["output"].splitlines()[1:]]
        runs.append({name: float(figure) for name, figure in lines})
    medians = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    return {"customers": n_customers, "failure": None, "stages": medians}


def inside_table(results):
    """What is inside one process, as Markdown."""
    lines = ["| customers | stage, in memory | CPU s |", "| ---: | --- | ---: |"]
    for result in results:
        lines += [f"| {result['customers']:,} | {name} | {figure:.2f} |" for name, figure in result["stages"].items()]
    return "\n".join(lines)


def plain_model(path, folder):
    """The saved model as {model, time_unit, parameters}, whether or not it came wrapped with its provenance."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    plain = folder / "pareto-nbd_plain.json"
    plain.write_text(json.dumps(saved.get("answer", saved)), encoding="utf-8")
    return plain


def table(results):
    """The results as Markdown: a row for each contender, with its CPU seconds as a multiple of clv's."""
    lines = [
        "| customers | stage | program | CPU s | wall s | peak MB | CPU of it / CPU of clv |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        ours = result["medians"]["clv"]
        for who, found in result["medians"].items():
            start = f"| {result['customers']:,} | {result['stage']} | {who} |"
            if found["failure"]:
                lines.append(f"{start} failed | | | |")
                continue
            ratio = "" if who == "clv" or ours["failure"] else f"{found['cpu_s'] / max(ours['cpu_s'], 1e-9):.2f}"
            lines.append(f"{start} {found['cpu_s']:.2f} | {found['wall_s']:.2f} | {found['peak_mb']:.0f} | {ratio} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Measures clv beside its peers.")
    parser.add_argument("--clv", type=Path, required=True, help="the binary")
    parser.add_argument("--stages", type=Path, default=None, help="the example `stages`, to look inside one process")
    parser.add_argument("--folder", type=Path, required=True, help="where shops and results go")
    parser.add_argument("--customers", default=None, help="sizes of the shops, such as 10000,100000,1000000")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="runs of each program, of which the median counts")
    parser.add_argument("--quick", action="store_true", help="10,000 customers and one run each")
    parser.add_argument("--pymc", type=Path, default=None, help="the Python that has pymc-marketing")
    options = parser.parse_args()
    sizes = options.customers or ("10000" if options.quick else "10000,100000,1000000")
    sizes = [int(size.replace("_", "")) for size in sizes.split(",")]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    # What pymc-marketing compiles is kept here, and not in the user's home.
    os.environ.setdefault("PYTENSOR_FLAGS", f"base_compiledir={options.folder.resolve() / 'pytensor'}")

    version = run([str(options.clv), "--version"])
    record = {
        "clv": version["output"].strip(),
        "machine": {"system": platform.platform(), "processor": processor(), "cores_used": CORES},
        "results": [],
    }
    results = record["results"]
    path = options.folder / "results.json"
    for result in (result for size in sizes for result in stages(options, size)):
        results.append(result)
        # After each stage: whoever stops a long run keeps what it has found.
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")
    if options.stages:
        record["inside"] = [inside(options, size) for size in sizes]
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")
    versions = {
        who: found["version"] for result in results for who, found in result["medians"].items() if "version" in found
    }
    print(table(results))
    print()
    if options.stages:
        print(inside_table(record["inside"]))
        print()
    print(", ".join([record["clv"], *(f"{who} {version}" for who, version in versions.items()), processor()]))
    failures = [
        (result["customers"], result["stage"], who, found["failure"])
        for result in results
        for who, found in result["medians"].items()
        if found["failure"]
    ]
    failures += [(one["customers"], "inside", "clv", one["failure"]) for one in record.get("inside", []) if one["failure"]]
    for size, name, who, failure in failures:
        print(f"failed: {size:,} customers, {name}, {who}: {failure}", file=sys.stderr)
    print(f"written: {path}", file=sys.stderr)
    sys.exit(1 if failures else 0)


def processor():
    """The processor's name, where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
