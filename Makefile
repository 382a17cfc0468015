# The two commands of a newcomer: make report, make test. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.PHONY: help report test check format lab benchmark clean

help:
	@echo "make report     run the main notebook on the example data; prints where the report lies"
	@echo "make test       all tests"
	@echo "make check      format, lint, types, layers"
	@echo "make format     put the code into the house format"
	@echo "make lab        open JupyterLab on copies of the notebooks, in a folder of your own (FOLDER=...)"
	@echo "make benchmark  measure the figures that we claim"

$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 2; }
	@echo "Installing into $(VENV): some minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need: some minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/.lab: $(VENV)/.run
	@echo "Installing JupyterLab: some minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[lab]'
	@touch $@

report: $(VENV)/.run
	$(BIN)/python -m kommunanalys run cost_efficiency --language sv,fi,en

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lab: $(VENV)/.lab
	$(BIN)/python -m kommunanalys lab $(if $(FOLDER),"$(FOLDER)")

benchmark: $(VENV)/.dev
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
