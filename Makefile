# What one types. `make help` lists it; everything needs no more than make and Python 3.11+ with venv.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# Checks and development read their settings from here; production reads the environment alone.
DEVELOPMENT := DEBUG=on
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.PHONY: help run test pytest lint format lock bench messages

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/base ## Serve the portal with its demonstration on http://localhost:8000 (PORT=8001 for another port)
	@exec env $(DEVELOPMENT) PORT=$(PORT) $(BIN)/python manage.py develop

# Two processes more than there are processors: who drives a browser waits a lot.
test: lint pytest ## Run every check and every test (ARGS="-k search -x" for some of them)

pytest: $(VENV)/dev # the tests alone
	@exec $(BIN)/python -m pytest $(or $(ARGS),--dist worksteal --numprocesses $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 2)'))

lint: $(VENV)/dev ## Check style, templates and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/djlint --quiet --lint templates
	$(DEVELOPMENT) $(BIN)/mypy

format: $(VENV)/dev ## Put code and templates into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2

messages: $(VENV)/dev ## Collect new texts into locale/ (needs gettext) and compile what is translated
	$(DEVELOPMENT) $(BIN)/python manage.py makemessages --all --no-obsolete --no-wrap --add-location file --ignore $(VENV) --ignore tests --ignore benchmarks
	$(BIN)/python -m tests.translations

bench: $(VENV)/dev ## Measure speed and memory and write the table in benchmarks/README.md (ARGS="…", see there)
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/dev ## Write requirements/*.txt anew from pyproject.toml
	$(call compile,base,)
	$(call compile,dev,--extra dev)

# Names and hashes only: no index, no path, no date. Good for every Python from 3.11 on.
define compile
	$(BIN)/uv pip compile pyproject.toml $(2) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet $(UPGRADE) --output-file requirements/$(1).txt
endef

# --- Installed once, and again when the lock file changes -----------------------------------------
$(VENV)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make run PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1). The portal needs Python 3.11 or newer; name one: make run PYTHON=python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/base: requirements/base.txt | $(VENV)/python
	@echo "Installing what the portal needs …"
	@$(PIP) --requirement requirements/base.txt
	@touch $@

$(VENV)/dev: requirements/dev.txt | $(VENV)/python
	@echo "Installing what the tests need …"
	@$(PIP) --requirement requirements/dev.txt
	@touch $@ $(VENV)/base
