"""Catalog types that Kedro lacks."""

from hm_kedro.datasets.article_images import ArticleImages
from hm_kedro.datasets.figure import OptionalFigure
from hm_kedro.datasets.kaggle_folder import KaggleFolder
from hm_kedro.datasets.lightgbm_booster import LightGBMBooster
from hm_kedro.datasets.optional_frame import OptionalFrame
from hm_kedro.datasets.optional_json import OptionalJson
from hm_kedro.datasets.parquet_batches import ParquetBatches
from hm_kedro.datasets.parted_table import PartedTable, TableProgress
from hm_kedro.datasets.raw_table import RawTable
from hm_kedro.datasets.spark_table import SparkCsvFile, SparkTable
from hm_kedro.datasets.submission_files import SubmissionFiles
from hm_kedro.datasets.trial_log import TrialLog
from hm_kedro.datasets.work_folder import WorkFolder

__all__ = [
    "ArticleImages",
    "KaggleFolder",
    "LightGBMBooster",
    "OptionalFigure",
    "OptionalFrame",
    "OptionalJson",
    "ParquetBatches",
    "PartedTable",
    "RawTable",
    "SparkCsvFile",
    "SparkTable",
    "SubmissionFiles",
    "TableProgress",
    "TrialLog",
    "WorkFolder",
]
