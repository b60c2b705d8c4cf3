"""The nodes of synthetic_data, end to end without an engine."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pytest
import yaml

from hm_kedro.datasets import KaggleFolder, ParquetBatches
from hm_kedro.errors import HmKedroError
from hm_kedro.parameters import SyntheticParameters
from hm_kedro.pipelines.synthetic_data.nodes import draw_purchases, lines_by_days, measure_ceiling, write_files
from hm_kedro.pipelines.synthetic_data.purchases import LINES, TRUTH, Size, record_batch

DEMO = Path(__file__).parents[3] / "data/01_raw/demo"
TABLES = ("articles", "customers", "transactions_train", "sample_submission")


def make(folder: Path, scale: float, params: SyntheticParameters) -> Path:
    """Run the pipeline's nodes and write what they make, as the catalog does."""
    lines, truth = draw_purchases(scale, params)
    purchases = ParquetBatches(filepath=str(folder / "purchases.parquet"))
    likeliest = ParquetBatches(filepath=str(folder / "truth.parquet"))
    purchases.save(lines)
    likeliest.save(truth)
    ceiling = measure_ceiling(purchases.load(), likeliest.load())
    KaggleFolder(path=str(folder / "raw")).save(write_files(scale, params, purchases.load(), ceiling))
    return folder / "raw"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def small(tmp_path_factory, params):
    """A log of 8,232 customers in three blocks, by one process."""
    return make(tmp_path_factory.mktemp("small"), 0.006, params)


def test_the_same_seed_makes_the_same_bytes_by_any_number_of_processes(small, tmp_path, params):
    other = make(tmp_path, 0.006, params.model_copy(update={"processes": 3}))
    assert contents(other) == contents(small)


def test_files_have_exactly_the_rows_of_their_scale(small, params):
    size = Size.of(0.006, params.article_power)
    rows = {name: list(csv.reader((small / f"{name}.csv").open(newline="")))[1:] for name in TABLES}
    assert len(rows["articles"]) == size.articles
    assert len(rows["customers"]) == len(rows["sample_submission"]) == size.customers
    assert len(rows["transactions_train"]) == size.transactions
    assert len({row[1] for row in rows["transactions_train"]}) == size.buyers
    assert rows["transactions_train"] == sorted(rows["transactions_train"], key=lambda row: row[:3])
    customers, articles = ({row[0] for row in rows[name]} for name in ("customers", "articles"))
    assert {row[1] for row in rows["transactions_train"]} <= customers
    assert {row[2] for row in rows["transactions_train"]} <= articles
    assert [row[0] for row in rows["customers"]] == sorted(customers)
    twelve = rows["sample_submission"][0][1].split(" ")
    assert len(set(twelve)) == 12
    assert set(twelve) <= articles


def test_the_manifest_says_how_the_files_were_made(small):
    manifest = json.loads((small / "synthetic.json").read_text())
    assert manifest["parameters"]["scale"] == 0.006
    assert manifest["transactions"] == round(31_788_324 * 0.006)
    assert sorted(manifest["files"]) == sorted([*(f"{name}.csv" for name in TABLES), "README.md"])
    assert 0.05 < manifest["ceiling"]["map12"] < 0.4
    assert "0.006" in (small / "README.md").read_text()


def test_parquet_and_parts_hold_the_same_rows(small, tmp_path, params):
    options = {"parquet": True, "gzip": True, "part_bytes": 6_000_000}
    parts = make(tmp_path, 0.006, params.model_copy(update=options))
    files = sorted((parts / "transactions_train.csv.gz").iterdir())
    assert len(files) == 4
    texts = [gzip.decompress(path.read_bytes()) for path in files]
    header = texts[0].splitlines(keepends=True)[0]
    assert header == b"t_dat,customer_id,article_id,price,sales_channel_id\n"
    assert (
        header + b"".join(text.removeprefix(header) for text in texts)
        == (small / "transactions_train.csv").read_bytes()
    )
    for name in TABLES:
        table = arrow_dataset.dataset(parts / f"{name}.parquet").to_table()
        with (small / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert table.num_rows == len(rows)
        for row, known in list(zip(table.to_pylist(), rows, strict=True))[:: max(1, len(rows) // 50)]:
            for column, value in row.items():
                kind = table.schema.field(column).type
                text = "" if value is None else str(value)
                assert text == known[column] or (pa.types.is_floating(kind) and float(text) == float(known[column]))


def test_the_demo_set_is_what_the_generator_makes(tmp_path):
    """Every byte of it: whoever changes the generator makes the demo set anew, and measures again."""
    manifest = json.loads((DEMO / "synthetic.json").read_text())
    made = manifest["parameters"]
    params = SyntheticParameters.model_validate({**made["synthetic"], "processes": 1})
    again = make(tmp_path, made["scale"], params)
    assert contents(again).keys() == contents(DEMO).keys()
    for name in TABLES:
        # Compressed bytes depend on the machine's zlib, the text within does not.
        one, other = (gzip.decompress((folder / f"{name}.csv.gz").read_bytes()) for folder in (again, DEMO))
        assert one == other, name
    if zlib_is_the_one_that_made_the_demo_set():
        assert contents(again) == contents(DEMO)


def zlib_is_the_one_that_made_the_demo_set() -> bool:
    known = (DEMO / "sample_submission.csv.gz").read_bytes()
    return gzip.compress(gzip.decompress(known), 9, mtime=0)[10:] == known[10:]


def test_the_demo_set_is_made_with_the_parameters_of_base(params):
    made = json.loads((DEMO / "synthetic.json").read_text())["parameters"]["synthetic"]
    expected = params.model_dump(mode="json", exclude={"processes"}) | {"gzip": True}
    assert made == expected, "make the demo set anew: " + yaml.safe_dump({"see": "docs/synthetic_data.md"})


def test_the_ceiling_is_the_map_of_the_likeliest_articles(tmp_path):
    line = {"week": 104, "day": 730, "cents": 999, "channel": 2}
    bought = [(1, 7), (1, 8), (1, 8), (2, 9), (5, 7)]
    lines = [record_batch(LINES, *([line["week"]], [line["day"]], [c], [a], [999], [2])) for c, a in bought]
    earlier = record_batch(LINES, [103], [722], [1], [30], [999], [1])
    # Customer 1 hits at ranks 1 and 3 of two bought, customer 2 not at all; nobody asked about customer 5.
    lists = [(1, [7, 30, 8, *range(40, 49)]), (2, list(range(50, 62)))]
    truth = [record_batch(TRUTH, [c] * 12, np.arange(1, 13), row, np.linspace(0.2, 0.1, 12)) for c, row in lists]
    saved = []
    for name, schema, batches in (("lines", LINES, [earlier, *lines]), ("truth", TRUTH, truth[::-1])):
        dataset = ParquetBatches(filepath=str(tmp_path / f"{name}.parquet"))
        dataset.save(pa.RecordBatchReader.from_batches(schema, iter(batches)))
        saved.append(dataset.load())
    ceiling = measure_ceiling(*saved)
    assert ceiling == {
        "week": "2020-09-16",
        "buyers": 3,
        "buyers_scored": 2,
        "map12": pytest.approx((1 + 2 / 3) / 2 / 2, abs=1e-5),
    }


def test_days_one_by_one_are_the_lines_of_the_weeks(small):
    purchases = ParquetBatches(filepath=str(small.parent / "purchases.parquet")).load()
    weeks, days = list(lines_by_days(purchases, 7)), list(lines_by_days(purchases, 1))
    assert len(weeks) == 105
    assert len(days) == 735
    ordered = [("day", "ascending"), ("customer", "ascending"), ("article", "ascending")]
    assert pa.concat_tables(days).sort_by(ordered).equals(pa.concat_tables(weeks).sort_by(ordered))
    assert [table.column("day").unique().to_pylist() for table in days[1:]] == [[day] for day in range(734)]


@pytest.mark.parametrize("other", [{"seed": 1}, {"article_power": 0.4}])
def test_purchases_of_other_parameters_are_refused(small, params, other):
    purchases = ParquetBatches(filepath=str(small.parent / "purchases.parquet")).load()
    write_files(0.006, params.model_copy(update={"gzip": True, "processes": 7}), purchases, {})
    for scale, asked in ((0.005, params), (0.006, params.model_copy(update=other))):
        with pytest.raises(HmKedroError, match="run the whole pipeline"):
            write_files(scale, asked, purchases, {})


def test_the_likeliest_articles_can_not_be_asked_for_before_the_purchases(params):
    _, truth = draw_purchases(0.0002, params)
    with pytest.raises(RuntimeError, match="before the lines were taken"):
        truth.read_all()


@pytest.mark.parametrize("scale", [0.0001, 0.0005])
def test_tiny_logs_are_logs_too(scale, tmp_path, params):
    raw = make(tmp_path, scale, params)
    assert (raw / "transactions_train.csv").read_bytes().count(b"\n") == round(31_788_324 * scale) + 1
