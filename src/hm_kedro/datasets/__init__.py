"""Catalog types that Kedro lacks."""

from hm_kedro.datasets.arrow_stream import CsvStream, ParquetBatches, ParquetStream
from hm_kedro.datasets.kaggle_folder import KaggleFolder
from hm_kedro.datasets.lightgbm_booster import LightGBMBooster
from hm_kedro.datasets.raw_table import RawTable
from hm_kedro.datasets.spark_table import SparkCsvFile, SparkTable

__all__ = [
    "CsvStream",
    "KaggleFolder",
    "LightGBMBooster",
    "ParquetBatches",
    "ParquetStream",
    "RawTable",
    "SparkCsvFile",
    "SparkTable",
]
