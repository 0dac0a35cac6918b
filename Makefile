# Two commands: `make demo` and `make test`. Both set up their own .venv first.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo test lint types unit slow wheel conformance reproduction reproduction-quick clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hdvila needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: setup
	$(BIN)/hdvila demo --into runs/demo

test: lint types unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

unit: setup
	$(BIN)/python -m pytest -m "not conformance and not slow" -n 2 --dist worksteal -q

slow: setup
	$(BIN)/python -m pytest -m slow -n 2 -q

# The built wheel in clean environments, on every Python that is here; on Linux some GB are fetched for each.
wheel: setup
	$(BIN)/python tools/try_wheel.py

conformance: setup
	$(BIN)/python -m pytest -m conformance -q tests/parity

# Hours on 2 cores; the quick one is rough. The same command continues a killed run.
reproduction: setup
	$(BIN)/hdvila miniature reproduction --into runs/reproduction --page docs/reproduction.md

reproduction-quick: setup
	$(BIN)/hdvila miniature reproduction --quick --into runs/reproduction-quick

clean:
	rm -rf .venv runs
