# Needs Python 3.11 or newer, git and make; fetches everything else from the Python package index.
# Variables: PYTHON=python3.12 (to build .venv with), ARGS="tests/studies -x" (handed to pytest or the benchmark),
# BENCH=pairs (one of benchmarks/, instead of all that measure speed).

PYTHON ?= python3
ARGS ?=
BENCH ?= load pairs aggregate

# Many processes start here: they must find their modules compiled, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
OWN_UV := $(filter .tools/%,$(UV))
INSTALL_SELF := $(UV) pip install --quiet --python $(BIN)/python --no-deps \
	--build-constraint requirements/build.txt --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-slow check check-style check-types check-rooms check-docs format docs bench pins clean clean-compiled

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DONE)/all ## put everything, pinned and checked by hash, into .venv

demo: $(DONE)/plain ## simulate studies, load them and show them, with a plain install
	@$(BIN)/expressway demo

test: $(DONE)/all ## run the everyday tests (ARGS="tests/studies -x" narrows them down)
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" $(ARGS)

test-slow: $(DONE)/all ## run the tests that take minutes
	@$(BIN)/python -m pytest -n auto --dist worksteal -m slow $(ARGS)

check: check-style check-types check-rooms check-docs ## style, types, import contracts, documentation

check-style: $(DONE)/all
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

check-types: $(DONE)/all
	@$(BIN)/mypy

check-rooms: $(DONE)/all
	@$(BIN)/lint-imports --no-logo

check-docs: $(DONE)/all
	@$(BIN)/python tools/generate_docs.py --check
	@$(BIN)/python tools/check_links.py

format: $(DONE)/all ## mend the style of the code
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: $(DONE)/all ## write the generated pages of docs/ again
	@$(BIN)/python tools/generate_docs.py

bench: $(DONE)/all ## measure speed against floors: loading, pairs, and the whole way
	@set -e; for one in $(BENCH); do $(BIN)/python benchmarks/$$one.py $(ARGS); done

pins: $(OWN_UV) ## write requirements/*.txt again with the newest versions allowed
	@$(PYTHON) tools/refresh_pins.py $(UV)

clean-compiled: ## throw away what numba compiled, after a change in coexpression/engine
	find src -name '*.nb[ci]' -delete

clean: ## remove what the other targets made
	rm -rf $(VENV) .tools dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DONE)/all: requirements/dev.txt requirements/build.txt pyproject.toml | $(BIN)/python $(OWN_UV)
	$(UV) pip sync --python $(BIN)/python --require-hashes requirements/dev.txt
	$(INSTALL_SELF)
	@mkdir -p $(DONE)
	@touch $(DONE)/plain $@

$(DONE)/plain: requirements/base.txt requirements/build.txt pyproject.toml | $(BIN)/python $(OWN_UV)
	$(UV) pip install --python $(BIN)/python --require-hashes --requirement requirements/base.txt
	$(INSTALL_SELF)
	@mkdir -p $(DONE)
	@touch $@

$(BIN)/python: | $(OWN_UV)
	@$(PYTHON) tools/check_python.py
	@rm -rf $(VENV)
	$(UV) venv --quiet --no-python-downloads --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)

.tools/uv/bin/uv: requirements/uv.txt
	@$(PYTHON) tools/check_python.py venv ensurepip
	@rm -rf .tools/uv
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	@touch $@
