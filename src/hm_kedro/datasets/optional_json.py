"""JSON of a pipeline that may not have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro_datasets.json import JSONDataset

if TYPE_CHECKING:
    # kedro-viz knows by the name of its return type how a preview is to be shown.
    from kedro_datasets._typing import JSONPreview


class OptionalJson(JSONDataset):  # type: ignore[misc]
    """A dict as JSON, empty where there is no file: the report shows what there is."""

    def load(self) -> Any:
        """Read the dict."""
        return super().load() if self._exists() else {}

    def preview(self) -> JSONPreview:
        """Show it in kedro-viz."""
        return super().preview() if self._exists() else None
