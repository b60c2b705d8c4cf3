"""What happens around a run: parameters are checked before it, its summary is printed after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from rich.console import Console

from hm_kedro import engine, subruns
from hm_kedro.errors import HmKedroError, TooManyRejectedRowsError
from hm_kedro.parameters import Parameters
from hm_kedro.summary import print_rejected, print_summary
from hm_kedro.timeline import Timeline

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline


class ProjectHooks:
    """The project's one set of hooks."""

    parameters: Parameters

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check every parameter and choose the engine; nothing is started."""
        self.parameters = Parameters.model_validate(context.config_loader["parameters"])
        engine.configure(self.parameters.engine, context.config_loader["spark"])
        if self.parameters.ranker.training == "distributed":
            engine.check_barrier_stages("ranker.training=distributed")

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Refuse a run whose outputs would land among the raw files or would mix two sets of data."""
        root = Path(run_params["project_path"])
        subruns.remember(root, run_params["env"])
        raw, output = (
            (root / self.parameters.raw_dir).resolve(),
            (root / self.parameters.output_dir).resolve(),
        )
        if output == raw or output.is_relative_to(raw):
            raise HmKedroError(
                f"output_dir '{self.parameters.output_dir}' lies in raw_dir '{self.parameters.raw_dir}': "
                "choose another output_dir, the raw files are never written near"
            )
        if "outside_submissions" in pipeline.inputs():
            catalog["outside_submissions"].find()
        if "synthetic_files" in pipeline.all_outputs():
            # Before an hour's work, not after it.
            catalog["synthetic_files"].check_target()
        if "timeline" in pipeline.inputs() and catalog.exists("timeline"):
            timeline = Timeline.read(catalog.load("timeline"))
            self._check_same_data(timeline)
            if catalog.exists("accepted_log") and Timeline.read(catalog.load("accepted_log")) != timeline:
                # The last run of data_processing ended between the first of its tables and its time line.
                raise HmKedroError(
                    f"output_dir '{self.parameters.output_dir}' holds tables of two runs, the last one did not end: "
                    "run `--pipeline data_processing` again"
                )

    def _check_same_data(self, timeline: Timeline) -> None:
        asked = self.parameters
        if timeline.raw_dir != asked.raw_dir:
            raise HmKedroError(
                f"output_dir '{asked.output_dir}' holds tables made from raw_dir '{timeline.raw_dir}', not from "
                f"'{asked.raw_dir}': run `--pipeline data_processing` first or choose another output_dir"
            )
        if timeline.asked_cutoff != asked.cutoff:
            raise HmKedroError(
                f"output_dir '{asked.output_dir}' holds tables made with cutoff '{timeline.asked_cutoff or ''}', not "
                f"'{asked.cutoff or ''}': run `--pipeline data_processing` first or choose another output_dir"
            )
        if timeline.history_weeks != asked.data_processing.history_weeks:
            raise HmKedroError(
                f"output_dir '{asked.output_dir}' holds tables of {timeline.history_weeks or 'all'} weeks, not of "
                f"{asked.data_processing.history_weeks or 'all'}: run `--pipeline data_processing` first or choose "
                "another output_dir"
            )

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Print what the run found and end the engine."""
        print_summary(run_params, pipeline, catalog, self.parameters)
        engine.stop()

    @hook_impl
    def on_pipeline_error(self, error: Exception, catalog: CatalogProtocol[Any, Any]) -> None:
        """End the engine of a run that failed, and show what was rejected where that is why."""
        if isinstance(error, TooManyRejectedRowsError):
            print_rejected(Console(), catalog.load("data_quality"))
        engine.stop()
