"""What a job takes, measured in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Taken:
    """Processor and wall seconds since this was made, of all threads of this process."""

    def __init__(self) -> None:
        self.started, self.cpu = time.perf_counter(), time.process_time()

    def so_far(self) -> dict[str, float]:
        """Seconds since, and the most memory this process has had, in MiB."""
        seconds, cpu = time.perf_counter() - self.started, time.process_time() - self.cpu
        return {"seconds": seconds, "cpu": cpu, "peak_mib": peak_memory()}


def peak_memory() -> float:
    """Most memory this process has had, in MiB; a process that was forked would report its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def in_own_process(script: str, name: str, *arguments: object, threads: int = 1) -> dict[str, Any]:
    """What `script --only NAME ARGUMENTS` prints last, with as many threads for matrix products as for all else."""
    command = [sys.executable, script, "--only", name, *map(str, arguments)]
    libraries = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | libraries)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
