"""Hold synthetic files against H&M's, and measure how fast they are made: the tables of docs/synthetic_data.md.

    python -m benchmarks.synthetic_data shape    # statistics side by side (makes a log of full size)
    python -m benchmarks.synthetic_data order    # how methods rank, and the ceiling
    python -m benchmarks.synthetic_data speed    # wall time and peak memory by scale
    python -m benchmarks.synthetic_data real --logs FOLDER    # H&M's own statistics, from hm_behaviour and hm_week

Each command writes its table into the page, and `shape` into the README, too; files go to `--work`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import shape
from benchmarks.baselines import METHODS, Log
from benchmarks.measure import Measurement, kedro
from benchmarks.pages import PROJECT, insert, rows

PAGE, README = PROJECT / "docs/synthetic_data.md", PROJECT / "README.md"
REAL = Path(__file__).with_name("h_and_m_shape.json")
SAMPLE = 120  # every so many customers: 0.83 %, as hm_behaviour has
SAMPLE_END = dt.date(2020, 6, 30)
LAST_WEEK = dt.date(2020, 9, 16)
# MAP@12 on the real log's last week (68,984 buyers), as published by the competition's participants.
PUBLISHED = {
    "all-time bestsellers": "0.003",
    "bestsellers of 7 days": "0.0087",
    "ALS on a year of counts": "0.009",
    "own purchases of 90 days": "0.022",
    "own purchases of 90 days, filled": "0.0256",
    "ALS on two decayed weeks": "0.024–0.030",
    "own + pairs + age, summed": "0.030",
    "this project's ALS, filled": "0.024–0.030",
    "this project's ranker": "0.033–0.043",
    "true probabilities": "–",
}


def generate(scale: float, work: Path) -> Measurement:
    """Make files of a scale, anew."""
    shutil.rmtree(work, ignore_errors=True)
    params = f"scale={scale},raw_dir={work / 'raw'},output_dir={work / 'out'}"
    return kedro("run", "--pipeline", "synthetic_data", "--env", "synthetic", "--params", params)


def number(value: Any) -> str:
    """A figure as the tables show it."""
    if isinstance(value, list):
        return " ".join(number(part) for part in value)
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.5g}"


def real(logs: Path) -> None:
    """Write H&M's own statistics."""
    files = shape.read(logs / "hm_behaviour")
    week = shape.read(logs / "hm_week", keep=_of_last_week)
    statistics_of = {
        "behaviour": shape.of_behaviour(files) | shape.of_customers(files),
        "last_week": shape.of_last_week(week),
        "assortment": shape.of_assortment(week),
    }
    REAL.write_text(json.dumps(statistics_of, indent=1, default=float, ensure_ascii=False) + "\n", encoding="utf-8")


def _of_last_week(block: pa.Table) -> pa.Array:
    return pc.greater_equal(block["t_dat"], pa.scalar(LAST_WEEK))


def _of_the_sample(block: pa.Table) -> pa.Array:
    return pc.less_equal(block["t_dat"], pa.scalar(SAMPLE_END))


def compare_shapes(work: Path) -> None:
    """Write the statistics of H&M's log, of scale 0.0083 and of full size side by side."""
    known = json.loads(REAL.read_text(encoding="utf-8"))
    generate(0.0083, work / "shape 0.0083")
    generate(1, work / "shape 1")
    small = shape.read(work / "shape 0.0083/raw")
    full = work / "shape 1/raw"
    people = shape.read(full, keep=lambda block: pa.array(np.zeros(len(block), dtype=bool))).customers
    sample = shape.read(full, keep=_of_the_sample, customers=people["customer_id"].iloc[::SAMPLE])
    week = shape.read(full, keep=_of_last_week)
    small_week = shape.read(work / "shape 0.0083/raw", keep=_of_last_week)
    parts = [
        (
            "Behaviour: a 0.8 % sample of the customers up to 2020-06-30",
            known["behaviour"],
            shape.of_behaviour(sample) | shape.of_customers(sample),
            shape.of_behaviour(small) | shape.of_customers(small),
        ),
        ("The last week", known["last_week"], shape.of_last_week(week), shape.of_last_week(small_week)),
        ("All articles", known["assortment"], shape.of_assortment(week), shape.of_assortment(small)),
    ]
    lines = []
    for title, own, sampled, whole in parts:
        lines.append([f"**{title}**", "", "", ""])
        lines += [[name, number(own[name]), number(sampled[name]), number(whole[name])] for name in own]
    table = rows(["", "H&M", "scale 1, the same sample", "scale 0.0083, whole"], lines)
    insert(PAGE, "shape", table)
    insert(README, "shape", table)


def compare_order(work: Path, scales: list[float], weeks: int) -> None:
    """Write how methods rank on the last weeks of synthetic logs, against what is published of the real one."""
    columns = []
    for scale in scales:
        folder = work / f"order {scale}"
        generate(scale, folder)
        log = Log.read(folder / "raw")
        asked = [log.week(back) for back in range(weeks)]
        scores = {
            name: float(np.mean([week.score(method(week)) for week in asked])) for name, method in METHODS.items()
        }
        params = f"raw_dir={folder / 'raw'},output_dir={folder / 'out'},engine=sail,evaluation.weeks={weeks}"
        kedro("run", "--env", "synthetic", "--params", params)
        own = json.loads((folder / "out/08_reporting/metrics.json").read_text(encoding="utf-8"))["contestants"]
        ceiling = json.loads((folder / "out/08_reporting/synthetic_ceiling.json").read_text(encoding="utf-8"))
        scores |= {"this project's ALS, filled": own["als_filled"]["map12"]}
        scores |= {"this project's ranker": own["ranker"]["map12"], "true probabilities": ceiling["map12"]}
        buyers = np.mean([len(week.buyers) for week in asked])
        columns.append((f"scale {scale:g} ({buyers:,.0f} buyers a week)", scores))
    lines = [
        [name, published, *(f"{scores[name]:.4f}" for _, scores in columns)] for name, published in PUBLISHED.items()
    ]
    insert(PAGE, "order", rows(["MAP@12", "H&M, last week", *(name for name, _ in columns)], lines))


def measure_speed(work: Path, scales: list[float], repeats: int) -> None:
    """Write how long files of some scales take, and what memory all processes have together."""
    lines = []
    for scale in scales:
        runs = [generate(scale, work / "speed") for _ in range(repeats if scale < 1 else 1)]
        size = sum(path.stat().st_size for path in (work / "speed/raw").rglob("*") if path.is_file())
        manifest = json.loads((work / "speed/raw/synthetic.json").read_text(encoding="utf-8"))
        lines.append(
            [
                f"{scale:g}",
                f"{manifest['transactions']:,}",
                f"{statistics.median(run.seconds for run in runs):,.0f} s",
                f"{statistics.median(run.cpu_seconds for run in runs):,.0f} s",
                f"{max(run.peak_bytes for run in runs) / 2**30:.1f} GiB",
                f"{size / 2**30:.2f} GiB",
            ]
        )
        shutil.rmtree(work / "speed")
    header = ["scale", "transactions", "wall time", "CPU time", "peak memory", "files"]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    insert(PAGE, "speed", rows(header, lines) + f"\n\nMedian of {repeats} runs (one from scale 1 on); {machine}.")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("shape", "order", "speed", "real"))
    parser.add_argument("--work", type=Path, default=PROJECT / "out/synthetic benchmarks")
    parser.add_argument("--scales", type=float, nargs="+", help="of order (0.02 0.1) and of speed (0.01 0.1 1)")
    parser.add_argument("--weeks", type=int, default=4, help="how many last weeks `order` takes the mean of")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--logs", type=Path, help="folder of hm_behaviour and hm_week")
    args = parser.parse_args()
    work = args.work.resolve()
    if args.command == "shape":
        compare_shapes(work)
    elif args.command == "order":
        compare_order(work, args.scales or [0.02, 0.1], args.weeks)
    elif args.command == "speed":
        measure_speed(work, args.scales or [0.01, 0.1, 1], args.repeats)
    elif args.logs is None:
        parser.error("real needs --logs FOLDER")
    else:
        real(args.logs)


if __name__ == "__main__":
    main()
