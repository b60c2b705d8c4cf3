"""A small study with everything in it, and its report."""

from tests.pipelines.scaling_study.made import fail, measured, repeat

from hm_kedro.pipelines.scaling_study.report import fit_scaling

SIZES = (0.01, 0.03, 0.1, 0.3, 1.0)
QUALITY = {
    "log": ["demo"] * 4,
    "axis": ["customers"] * 4,
    "value": [0.5, 1.0, 0.5, 1.0],
    "method": ["ranker", "ranker", "als", "als"],
    "map12": [0.02, 0.03, 0.0125, 0.0135],
    "recall12": [0.1, 0.2, 0.1, 0.2],
    "low": [0.019, 0.029, 0.012, 0.013],
    "high": [0.021, 0.031, 0.013, 0.014],
    "customers": [500, 1000, 500, 1000],
    "change": [None, 0.01, None, 0.001],
    "change_low": [None, 0.008, None, -0.001],
    "change_high": [None, 0.012, None, 0.003],
}


def study():
    """Make the measurements: two stages of Spark and Sail beside single threads, the whole, and a few settings."""
    configurations = []
    for size in SIZES:
        configurations += [
            repeat(5 + 100 * size, size=size),
            repeat(80 * size, size=size, contestant="sail"),
            repeat(10 * size, size=size, stage="read", contestant="duckdb", cores=1),
            repeat(5 + 50 * size, size=size, stage="read"),
            repeat(20 * size, size=size, stage="read", contestant="sail"),
            repeat(300 * size, size=size, stage="whole", contestant="sail"),
        ]
        if size < 1:
            single = {"contestant": "lightgbm", "cores": 1}
            pandas = {"stage": "read", "contestant": "pandas", "cores": 1}
            configurations += [repeat(120 * size, size=size, **single), repeat(100 * size, size=size, **pandas)]
    configurations += [
        fail("out of memory", size=1.0, stage="read", contestant="pandas", cores=1, message="MemoryError"),
        fail("out of time", size=1.0, contestant="lightgbm", cores=1, seconds=3600.0),
        repeat(24.0, cores=1),
        repeat(16.0, cores=1, contestant="sail"),
        repeat(40.0, stage="whole", contestant="sail", cores=1),
        repeat(30.0, candidates=200),
        repeat(10.0, candidates=50),
        fail("out of memory", candidates=800),
        repeat(4.0, stage="read", history_weeks=8),
    ]
    return measured(*configurations)


def report():
    """Fit the study."""
    return fit_scaling(study(), QUALITY)
