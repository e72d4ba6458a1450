# Vitruvian. `make run` on a fresh machine installs and shows the demonstration; `make test` checks what is claimed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2
# One BLAS thread: results are bit-identical, and the workers already use every core.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1

.PHONY: help env run client test slow check service validate-quick evidence bench docs constraints clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

env: $(STAMP) ## .venv with everything pinned; instant when up to date

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: Python 3.11 or newer is needed ('$(PYTHON)' is $$($(PYTHON) -V 2>&1 || true)). Fix: install it, or make PYTHON=python3.12 env" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: this Python cannot make a virtual environment. Fix: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

run: env client ## a living demonstration: the server with synthetic patients and a hospital; prints the address
	$(BIN)/vitruvian serve --demo

client: env ## the browser client, built into the package; seconds when nothing changed
	@$(BIN)/python web/document.py web/openapi.json
	@$(BIN)/python web/build.py

test: env ## every test but the service, kill and slow ones; skips say why
	$(BIN)/python -m pytest -n $(WORKERS) -m 'not service and not kill and not slow'

slow: env ## agreement with NUTS and long statistics, minutes each; part of the evidence
	$(BIN)/python -m pytest -n $(WORKERS) -m 'slow and not service and not kill'

service: env client ## tests that start services, browsers, processes, or kill them
	$(BIN)/python -m pytest -m 'service or kill'

check: env ## format, lint, types, layers, fast tests; warnings are errors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --warnings
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(WORKERS) -m fast --durations=0 --durations-min=2

KINDS = $$($(BIN)/python -c 'import importlib.metadata as m; print(*sorted(e.name for e in m.entry_points(group="vitruvian.kinds")), "platform", "trials", "unit")')

evidence: env ## measure every claim of every kind at full size; what is measured and not stale is kept
	@rc=0; for kind in $(KINDS); do $(BIN)/vitruvian validate $$kind --resume || rc=1; done; exit $$rc
	$(BIN)/python -m vitruvian.platform.evidence_table README.md
	$(MAKE) slow

validate-quick: env ## the same code at reduced size
	@rc=0; for kind in $(KINDS); do $(BIN)/vitruvian validate $$kind --quick || rc=1; done; exit $$rc

bench: env ## figures beside their peers: make bench NAME=ode (all without NAME)
	@for file in benchmarks/$(or $(NAME),*).py; do \
	  [ -e "$$file" ] || { echo "error: no benchmark $$file. There are:" $$(ls benchmarks/*.py 2>/dev/null) >&2; exit 1; }; \
	  echo "== $$file"; $(BIN)/python "$$file"; done

docs: env ## run every page's code and follow every link
	$(BIN)/python -m pytest -n $(WORKERS) tests/docs

constraints: env ## pin what is installed now
	$(BIN)/python -m pip freeze --exclude-editable 2>/dev/null | grep -viE '^(vitruvian|-e)' > constraints.txt
	@touch $(STAMP)

clean: ## remove what was built; the environment stays (rm -r .venv for that too)
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
