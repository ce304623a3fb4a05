# Every verb does its own set-up on a machine that has Python 3.11 or newer with venv. Without make: see README.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types layers docs bench-kpi bench-sync mutants clean

$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

# one installation, not one upon the other
$(VENV)/.test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $(VENV)/.demo $@

$(VENV)/.dev: pyproject.toml $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

demo: $(VENV)/.demo  ## the main job, on three emulated platforms
	$(BIN)/deskweave demo $(ARGS)

test: $(VENV)/.test  ## what a user relies on, in under four minutes
	$(BIN)/python -m pytest -n auto --dist worksteal -q $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check core schemas plugins tests
	$(BIN)/ruff format --check core schemas plugins tests

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy tests/typing

layers: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/cog --check -r docs/en/reference/*.md docs/zh/reference/*.md
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict --quiet

# pandas is what our figures are compared with, and nothing else
$(VENV)/.bench: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pandas pyarrow
	@touch $@

bench-kpi: $(VENV)/.bench  ## KPIs over 1 and 10 million inquiries, beside pandas; ARGS=1000000 for one million alone
	$(BIN)/python tests/bench/kpi.py $(ARGS)

bench-sync: $(VENV)/.demo  ## what the engine adds to reading and writing pages, over requests and json; ARGS=10000 for fewer records
	$(BIN)/python tests/bench/sync.py $(ARGS)

mutants: $(VENV)/.test  ## the engine without one protection after the other: which property notices, and how soon
	$(BIN)/python -m deskweave.testing.mutants $(ARGS)

clean:
	rm -rf $(VENV) dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis deskweave-demo
