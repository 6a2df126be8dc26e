"""Findings as a table for people and as `results.json` for programs."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from statistics import median

import psycopg

from bench.measures import Bound, Finding, Floor, Measure

RESULTS = Path(__file__).with_name("results.json")


def machine(admin_url: str) -> dict[str, str | int | float]:
    """What it ran on, as far as it matters for figures."""
    with psycopg.connect(admin_url) as connection:
        version = connection.execute("SHOW server_version").fetchone()
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": version[0] if version else "",
        "load_before": round(os.getloadavg()[0], 2),
    }


def write(findings: Sequence[Finding], on: dict[str, str | int | float], *, began_at: datetime) -> None:
    """Keep the findings beside the benchmarks."""
    document = {"began_at": began_at.isoformat(), "machine": on, "findings": [_document(each) for each in findings]}
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def table(findings: Sequence[Finding]) -> str:
    """One line per measure: medians, with the least and the most in brackets."""
    head = ("what", "ours", "baseline", "ratio", "wanted", "")
    rows = [head, *(_row(measure) for finding in findings for measure in finding.measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(measure: Measure) -> tuple[str, ...]:
    holds = "holds" if measure.holds else "FALLS SHORT"
    if isinstance(measure, Bound):
        wanted = f"at most {measure.at_most:g} {measure.unit}"
        return measure.name, f"{_spread(measure.values)} {measure.unit}", "", "", wanted, holds
    if isinstance(measure, Floor):
        wanted = f"at least {measure.at_least:g} {measure.unit}"
        return measure.name, f"{_spread(measure.values)} {measure.unit}", "", "", wanted, holds
    ours, baseline = f"{_spread(measure.ours)} {measure.unit}", _spread(measure.baseline)
    return measure.name, ours, baseline, f"{measure.value:.2f}x", f"at least {measure.wanted:g}x", holds


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def _document(finding: Finding) -> dict[str, object]:
    measures = [asdict(each) | {"value": each.value, "holds": each.holds} for each in finding.measures]
    return {"benchmark": finding.benchmark, "notes": finding.notes, "measures": measures}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
