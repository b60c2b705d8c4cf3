"""A Plotly figure, or none where a log lacks what it would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from kedro_datasets.plotly import JSONDataset

if TYPE_CHECKING:
    # kedro-viz knows by the name of its return type how a preview is to be shown.
    from kedro_datasets._typing import PlotlyPreview


class OptionalFigure(JSONDataset):  # type: ignore[misc]
    """A figure as Plotly's JSON; one without traces is no figure: there is no file then, and nothing to preview.

    So a log without prices has no empty chart of prices, in kedro-viz or elsewhere, and no chart of an earlier run.
    """

    def save(self, data: go.Figure) -> None:
        """Write the figure, or remove an earlier one."""
        if data.data:
            super().save(data)
        elif self._exists():
            self._fs.rm(str(self._filepath))
            self._invalidate_cache()

    def load(self) -> go.Figure:
        """Read the figure; one without traces where there is none."""
        return super().load() if self._exists() else go.Figure()

    def preview(self) -> PlotlyPreview:
        """Show the figure in kedro-viz."""
        return super().preview() if self._exists() else None
