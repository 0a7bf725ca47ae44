"""How a peer's job is timed: from inside, after its imports, so that only the work itself counts for it."""

import json
import resource
import time


def cpu_seconds():
    """User and system seconds so far of this process, all threads, and of those it started that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(work, version):
    """Runs work() and prints one line of JSON: CPU and wall seconds, the peer's version, and what work returned."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    result = work()
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu_s": cpu, "wall_s": wall, "version": version, "result": result}))
