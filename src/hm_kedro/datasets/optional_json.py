"""JSON of a pipeline that may not have run."""

from typing import Any

from kedro_datasets.json import JSONDataset


class OptionalJson(JSONDataset):  # type: ignore[misc]
    """A dict as JSON, empty where there is no file: the report shows what there is."""

    def load(self) -> Any:
        """Read the dict."""
        return super().load() if self._exists() else {}

    def preview(self) -> Any:
        """Show it in kedro-viz."""
        return super().preview() if self._exists() else None
