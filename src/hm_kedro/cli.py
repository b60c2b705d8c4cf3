"""`kedro run` as this project has it: Kedro's own command, whose failures end in one clear line.

With `HM_KEDRO_DEBUG=1` in the environment the whole stack trace is shown instead.
"""

import logging
import os
import sys
import warnings
from typing import Any

import click
from kedro import KedroDeprecationWarning
from kedro.framework.cli.project import run as kedro_run

from hm_kedro.errors import one_line
from hm_kedro.interrupts import end_tidily


def _is_not_a_resume_hint(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not ("nodes that have not run" in message or message.startswith("No nodes ran"))


class RunCommand(click.Command):
    """A `kedro run` that says in one line what went wrong and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run; an error that is not the command line's own becomes one line on standard error."""
        end_tidily()
        # `--pipeline X` is how every page of this project and of Kedro's own says it.
        warnings.filterwarnings("ignore", message="Option '--pipeline'", category=KedroDeprecationWarning)
        # What failed is said in one line; how to go on is told by what it says, not by hashed node names.
        logging.getLogger("kedro.runner.sequential_runner").addFilter(_is_not_a_resume_hint)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("HM_KEDRO_DEBUG"):
                raise
            click.secho(f"Error: {one_line(error)}", fg="red", err=True)
            sys.exit(1)


run = RunCommand(
    name="run",
    callback=kedro_run.callback,
    params=kedro_run.params,
    help=kedro_run.help,
    context_settings=kedro_run.context_settings,
)


@click.group(name="hm_kedro")
def cli() -> None:
    """Commands that this project adds to Kedro's, or says in its own way."""


cli.add_command(run)
