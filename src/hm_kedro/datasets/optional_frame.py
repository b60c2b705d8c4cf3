"""A small table of a pipeline that may not have run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from kedro_datasets.pandas import ParquetDataset

if TYPE_CHECKING:
    # kedro-viz knows by the name of its return type how a preview is to be shown.
    from kedro_datasets._typing import TablePreview


class OptionalFrame(ParquetDataset):  # type: ignore[misc]
    """A pandas table as Parquet, empty and without columns where there is no file: the report shows what there is."""

    def load(self) -> pd.DataFrame:
        """Read the table."""
        return super().load() if self._exists() else pd.DataFrame()

    def preview(self, nrows: int = 5) -> TablePreview:
        """Show the first rows in kedro-viz."""
        return super().preview(nrows) if self._exists() else None
