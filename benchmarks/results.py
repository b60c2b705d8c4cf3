"""The results: every contestant on the judged weeks of the logs beside which the project is developed.

    python -m benchmarks.results --log hm_behaviour=FOLDER --log tafeng=FOLDER [--engine sail] [--written]

Each named log, Online Retail and the demo set are run from the raw files to the comparison with the default
parameters; docs/results.md and its head in README.md are written from what comes out. With --written the runs are left
out, and what earlier ones left is read. hm_behaviour and tafeng are not part of the repository.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import kedro
from benchmarks.pages import PROJECT, insert, rows
from benchmarks.yardsticks import YARDSTICKS
from hm_kedro.pipelines.evaluation.contest import holds
from hm_kedro.pipelines.evaluation.contestants import BASELINES, CONTESTANTS, ORACLE

WEEKS = {"hm_behaviour": 10, "tafeng": 4, "online_retail": 4, "demo": 4}
COMMITTED = {"online_retail": "data/01_raw/online_retail", "demo": "data/01_raw/demo"}
SAID = {
    "hm_behaviour": "a 0.8 % sample of H&M's customers with their whole histories, without attributes and prices",
    "tafeng": "the Ta-Feng grocery log, with categories, ages and prices",
    "online_retail": "the UCI Online Retail log of a gift shop, without ages",
    "demo": "the synthetic demo set",
}
ACCURACY = ("map12", "recall12", "precision12", "ndcg12", "mrr12", "hit12", "revenue12")
LISTS = ("coverage", "gini", "novelty12", "diversity12", "tail12", "new12", "repeat12")
PAIR = ("ranker", "als_filled")


@dataclass(frozen=True)
class Results:
    """What a run's comparison left."""

    log: str
    metrics: dict[str, Any]
    scores: pd.DataFrame
    comparison: pd.DataFrame
    segments: pd.DataFrame

    @classmethod
    def read(cls, log: str, output: Path) -> Results:
        """Read it."""
        reporting = output / "08_reporting"
        tables = ("contestant_scores", "comparison", "segment_comparison")
        metrics = json.loads((reporting / "metrics.json").read_text(encoding="utf-8"))
        return cls(log, metrics, *[pd.read_parquet(reporting / f"{table}.parquet") for table in tables])

    def interval(self, contestant: str, metric: str = "map12") -> tuple[float, float, float]:
        """Give a mean and its interval."""
        of = (self.scores["contestant"] == contestant) & (self.scores["metric"] == metric)
        row = self.scores[of].iloc[0]
        return row["value"], row["low"], row["high"]

    def difference(self, contestant: str, other: str, metric: str = "map12") -> pd.Series[Any]:
        """Give a pair's row."""
        of = self.comparison[["contestant", "other", "metric"]] == [contestant, other, metric]
        return self.comparison[of.all(axis=1)].iloc[0]

    @property
    def buyers(self) -> tuple[int, int]:
        """Give the fewest and the most buyers of a week."""
        counts = self.metrics["buyers"].values()
        return min(counts), max(counts)

    @property
    def best_baseline(self) -> str:
        """Name the baseline that others are compared with."""
        others = self.comparison["other"]
        return str(others[others.isin(BASELINES)].iloc[0])


def run(log: str, folder: Path, output: Path, engine: str) -> None:
    """Run a log from its raw files to the comparison."""
    asked = f"raw_dir={folder},output_dir={output},engine={engine},evaluation.weeks={WEEKS[log]}"
    taken = kedro("run", "--env", "kaggle", "--params", asked)
    print(f"{log}: {taken.seconds / 60:.1f} min, {taken.peak_bytes / 2**30:.1f} GiB", flush=True)


def short(value: float | None, digits: int = 4) -> str:
    """Write a share without its leading zero; nothing of nothing."""
    return "" if value is None or pd.isna(value) else f"{value:.{digits}f}".replace("0.", ".", 1)


def signed(value: float) -> str:
    """Write a difference."""
    return ("+" if value >= 0 else "−") + short(abs(value))


def scores_table(results: Results) -> str:
    """Every contestant's accuracy, of MAP@12 the interval, too."""
    lines = []
    for name, means in results.metrics["contestants"].items():
        _, low, high = results.interval(name)
        bold = "**" if name == "ranker" else ""
        cells = [f"{bold}{short(means['map12'])}{bold}", f"{short(low)} to {short(high)}"]
        lines.append([f"`{name}`", *cells, *[short(means.get(metric)) for metric in ACCURACY[1:]]])
    return rows(["contestant", "MAP@12", "95 % interval", *ACCURACY[1:]], lines)


def lists_table(results: Results) -> str:
    """What every contestant's lists are like."""
    lines = []
    for name, means in results.metrics["contestants"].items():
        cells = [f"{means[m]:.1f}" if m == "novelty12" else short(means.get(m), 3) for m in LISTS]
        lines.append([f"`{name}`", *cells])
    return rows(["contestant", *LISTS], lines)


def weeks_table(results: Results) -> str:
    """MAP@12 of the main contestants by week, the newest first."""
    names = [results.best_baseline, "als_filled", "ranker_als", "ranker"]
    means = results.metrics["contestants"]
    lines = [
        [
            week,
            f"{results.metrics['buyers'][week]:,}",
            *[short(means[name]["by_week"][week]["map12"]) for name in names],
        ]
        for week in results.metrics["weeks"]
    ]
    return rows(["week", "buyers", *[f"`{name}`" for name in names]], lines)


def yardsticks_table(results: Results) -> str:
    """Our figures beside the yardsticks'."""
    lines = []
    for method, (contestant, by_log) in YARDSTICKS.items():
        if results.log not in by_log:
            continue
        line, ours = by_log[results.log], results.metrics["contestants"].get(contestant, {}).get("map12")
        beside = [f"`{contestant}`", short(ours), f"{ours / line - 1:+.1%}".replace("-", "−")] if ours else ["", "", ""]
        lines.append([method, short(line), *beside])
    return rows(["yardstick", "MAP@12", "here", "MAP@12", "difference"], lines)


def segments_table(results: Results) -> str:
    """Where ALS and the ranker win and lose against the best baseline."""
    table, lines = results.segments, []
    for (dimension, level), of_level in table.groupby(["dimension", "level"], sort=False):
        by_name = of_level.set_index("contestant")
        if "ranker" not in by_name.index:
            continue
        row = by_name.loc["ranker"]
        cells = [f"{row['buyers']:,}", row["measure"]]
        cells += [short(by_name.loc[name, "value"]) for name in (results.best_baseline, *PAIR[::-1])]
        low, high = row["difference_low"], row["difference_high"]
        known = "" if pd.isna(row["difference"]) else f"{signed(row['difference'])} ({signed(low)} to {signed(high)})"
        lines.append([f"{str(dimension).replace('_', ' ')}: {level}", *cells, known])
    header = ["segment", "buyers", "measure", f"`{results.best_baseline}`", "`als_filled`", "`ranker`"]
    return rows([*header, "ranker − baseline (95 %)"], lines)


def claims(results: Results) -> str:
    """The sentences of what may be claimed of MAP@12."""
    of_map = results.comparison[results.comparison["metric"] == "map12"]
    return "\n".join(f"- {claim}" for claim in of_map["claim"])


def verdict(results: Results) -> str:
    """One sentence on ALS against the ranker."""
    found, als = results.difference(*PAIR), results.interval("als_filled")[0]
    alone = results.difference("ranker", "ranker_als")
    chance = "more than chance explains" if holds(found) else "no more than chance explains"
    rest = "more than chance" if holds(alone) else "not told from chance"
    return (
        f"The ranker reaches {short(found['value'])}, ALS filled with bestsellers {short(als)}: "
        f"{signed(found['difference'])} ({signed(found['low'])} to {signed(found['high'])}), "
        f"{found['difference'] / als:+.0%}, {chance}. Of it {signed(alone['difference'])} ({rest}) come from what the "
        "other retrievers propose and say, the rest from ranking ALS's own candidates."
    )


def section(results: Results) -> str:
    """A log's part of the page."""
    fewest, most = results.buyers
    said = f"{SAID[results.log][0].upper()}{SAID[results.log][1:]}: {len(results.metrics['weeks'])} judged weeks of "
    said += f"{fewest:,} to {most:,} buyers; {results.metrics['honesty_checks']} checks of honesty held."
    parts = [f"## {results.log}", said, verdict(results), scores_table(results)]
    if results.log == "demo":
        parts.append(ceiling(results))
    else:
        parts += ["Beside the yardsticks:", yardsticks_table(results)]
    parts += [
        "By week:",
        weeks_table(results),
        "What may be claimed of MAP@12:",
        claims(results),
        "What the lists are like:",
        lists_table(results),
    ]
    return "\n\n".join([*parts, "Where models win and lose:", segments_table(results)])


def ceiling(results: Results) -> str:
    """What share of the synthetic ceiling is reached, in the week for which it is known."""
    known = json.loads((PROJECT / COMMITTED["demo"] / "synthetic.json").read_text(encoding="utf-8"))["ceiling"]
    week = known["week"]
    by_week = {
        name: means["by_week"][week]["map12"]
        for name, means in results.metrics["contestants"].items()
        if week in means["by_week"] and name != ORACLE
    }
    shares = ", ".join(f"`{name}` {short(by_week[name])} ({by_week[name] / known['map12']:.0%})" for name in by_week)
    return (
        f"In the week of {week} the true probabilities of all purchases, which no model can know, reach "
        f"{short(known['map12'])}. Of that: {shares}."
    )


def head(every: list[Results], engine: str) -> str:
    """The table that README carries."""
    lines = []
    for name in CONTESTANTS:
        cells = [results.interval(name)[0] for results in every]
        lines.append([f"`{name}`", *[f"**{short(cell)}**" if name == "ranker" else short(cell) for cell in cells]])
    for other in ("the best baseline", "als_filled"):
        cells = []
        for results in every:
            found = results.difference("ranker", results.best_baseline if other != "als_filled" else other)
            cells.append(f"{signed(found['difference'])} ({signed(found['low'])} to {signed(found['high'])})")
        lines.append([f"`ranker` − {other if other != 'als_filled' else '`als_filled`'}", *cells])
    weeks = [f"last {len(results.metrics['weeks'])}, {'–'.join(map(str, results.buyers))}" for results in every]
    table = rows(["", *[results.log for results in every]], [["judged weeks, buyers a week", *weeks], *lines])
    today = datetime.now(tz=UTC).date()
    how = f"MAP@12, mean over the judged weeks, default parameters, engine `{engine}`, {today}"
    return f"{table}\n\n{how}; differences with 95 % intervals."


def write(every: list[Results], engine: str) -> None:
    """Write the page and its head."""
    about = "Written by `python -m benchmarks.results`; what contestants, metrics and intervals are stands in "
    about += "[evaluation.md](evaluation.md). One set of default parameters for all logs."
    text = [
        "# Results",
        about,
        head(every, engine),
        *[section(results) for results in every],
    ]
    (PROJECT / "docs/results.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")
    insert(PROJECT / "README.md", "results", head(every, engine))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", action="append", default=[], metavar="NAME=FOLDER", help=f"one of {', '.join(WEEKS)}")
    parser.add_argument("--work", type=Path, default=PROJECT / "out/results")
    parser.add_argument("--engine", choices=("sail", "spark"), default="sail")
    parser.add_argument("--written", action="store_true", help="read what earlier runs left")
    args = parser.parse_args()
    folders = {name: folder for name, _, folder in (log.partition("=") for log in args.log)} | COMMITTED
    if unknown := sorted(set(folders) - set(WEEKS)):
        parser.error(f"no log '{unknown[0]}': choose from {', '.join(WEEKS)}")
    chosen = [log for log in WEEKS if log in folders]
    work = args.work.resolve()
    if not args.written:
        for log in chosen:
            run(log, (PROJECT / folders[log]).resolve(), work / log, args.engine)
    write([Results.read(log, work / log) for log in chosen], args.engine)


if __name__ == "__main__":
    main()
