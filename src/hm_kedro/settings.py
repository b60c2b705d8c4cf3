"""Kedro's settings for this project.

https://docs.kedro.org/en/stable/configure/configuration_basics/ says what each may be.
"""

import os

from hm_kedro.hooks import ProjectHooks

HOOKS = (ProjectHooks(),)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"spark": ["spark*", "spark*/**"]},
    # An environment says only what differs; without `soft` its file would replace whole groups.
    "merge_strategy": {"parameters": "soft", "spark": "soft", "globals": "soft"},
    # Secrets and addresses of a cluster belong to the machine, not to a committed file.
    "custom_resolvers": {"env": lambda name, default="": os.environ.get(name, default)},
}
