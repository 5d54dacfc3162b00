"""Paths of the benchmarks' input and output."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
PEERS = HERE / "peers"
RESULTS = HERE / "results"
WORK = HERE / ".work"
LOGS = WORK / "logs"
