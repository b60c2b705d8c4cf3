# The project's commands. `make help` lists them. They need a Python and GNU make; all else they put into .venv.

PYTHON ?= python3
# What `kedro run` gets, such as ARGS="--env online_retail". By default the engine that fits ALS fastest on a laptop.
ARGS ?= --params engine=sail
# What pytest gets, such as PYTEST_ARGS="-m 'not slow'".
PYTEST_ARGS ?=
# How many processes run the tests, each of which starts an engine of its own.
WORKERS ?= 2
# What the run on a cluster reads and where it writes, here a folder of this machine that all workers see; a small ALS and
# few weeks, for time.
CLUSTER_PARAMS ?= raw_dir=data/01_raw/demo,output_dir=data/cluster,als.rank=16,training.weeks=2,training.enough_purchases=0
# What `uv pip compile` gets, such as LOCK_ARGS=--upgrade.
LOCK_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PYTEST := $(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP_INSTALL := $(PY) -m pip install --quiet
COMPILE := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run cluster test lint docs lock java clean
.DEFAULT_GOAL := help

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) java ## Run the pipelines: make run ARGS="--env online_retail"
	$(PY) -m kedro run $(ARGS)

cluster: $(INSTALLED) java ## Run the demo on a Spark master and two workers of this machine, started for it
	$(PY) -m hm_kedro.local_cluster $(PY) -m kedro run --env cluster --params $(CLUSTER_PARAMS)

# Tests run beside each other: threads that wait for work must not keep a core busy.
test: export OMP_WAIT_POLICY := passive
test: lint java ## Lint, then run the tests, those of nodes on both engines: make test PYTEST_ARGS="-m 'not slow'"
	$(PYTEST) $(PYTEST_ARGS)
	$(PYTEST) --engine sail --ignore tests/integration --ignore tests/real $(PYTEST_ARGS)

lint: $(INSTALLED) ## Check style, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

docs: $(INSTALLED) ## Write docs/tables.md and docs/features.md from the code
	$(PY) -m hm_kedro.schemas > docs/tables.md
	$(PY) -m hm_kedro.pipelines.lgbm_ranking.features > docs/features.md

lock: $(INSTALLED) ## Pin what pyproject.toml asks for: make lock LOCK_ARGS=--upgrade
	$(COMPILE) --extra dev --output-file requirements.lock pyproject.toml
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["java"], sep="\n")' \
		| $(COMPILE) --no-deps --no-annotate --output-file requirements-java.lock -

java: $(INSTALLED) # A Java of .venv's own, where the machine has none that Spark can use
	@$(PY) -m hm_kedro.java

clean: ## Remove .venv, caches and what runs wrote under data/ (never data/01_raw)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov build dist \
		artifacts data/cluster spark-warehouse metastore_db derby.log info.log
	find data/0[2-8]_* -mindepth 1 ! -name .gitkeep -delete 2>/dev/null || true
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# Made anew where it is missing or broken; brought up to date in place where the lock changed.
$(LOCKED): requirements.lock
	@$(PY) -m pip --version >/dev/null 2>&1 \
		|| $(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
		|| { echo "hm-kedro needs Python 3.11, 3.12 or 3.13 with its venv module, and '$(PYTHON)' is not one; name one with PYTHON=..." >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing requirements.lock into $(VENV) (minutes, the first time)"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@
