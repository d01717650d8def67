# Everything a reader, a writer or a developer does. `make help` lists it.

PYTHON ?= python3
ERRBOOK_HOST ?= 127.0.0.1
ERRBOOK_PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help serve build test lab verify check lint format preview bench wheel examples requirements clean

help: ## List the targets
	@echo "usage: make TARGET"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

serve: .venv/serve ## Check, compile, build the site and serve site and API on http://127.0.0.1:8000
	@$(BIN)/errbook build
	@$(BIN)/errbook serve --host $(ERRBOOK_HOST) --port $(ERRBOOK_PORT)

build: .venv/serve ## Check and compile the knowledge and build the site into build/site
	@$(BIN)/errbook build

test: .venv/test ## Run every check and test; gets what they need, and says so
	@tools/get-browser
	@tools/get-lab
	@$(MAKE) --no-print-directory lint
	@$(BIN)/errbook check
	@$(BIN)/errbook verify
	@$(BIN)/errbook harvest --check || [ $$? = 3 ]
	@$(BIN)/python -m pytest $(ARGS)

lab: .venv/lab ## Get what executing entries needs: drivers, programs, servers (about 2 GB)
	@tools/get-lab

verify: .venv/lab ## Execute every entry on real servers and compare with the evidence; gets the servers
	@tools/get-lab
	@$(BIN)/errbook verify $(ARGS)

check: .venv/serve ## Check the entries
	@$(BIN)/errbook check

lint: .venv/test ## Lint, types and import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --diff .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/test ## Format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

preview: .venv/serve ## Preview one entry: make preview ENTRY=mysql/1205
	@$(BIN)/errbook preview $(ENTRY)

bench: .venv/test ## Run the benchmarks and print their ratios
	@tools/get-browser nginx wrk
	@for name in command compile identify paste api chat site; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

wheel: .venv/test ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

examples: .venv/test ## Write the examples of the API guide again, by calling the service
	@$(BIN)/python tools/api-examples

requirements: ## Write requirements/*.txt again from pyproject.toml
	@tools/lock

clean: ## Remove everything that was built, and the virtual environment
	rm -rf build dist .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "errbook needs Python 3.11 or newer; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv

.venv/serve: .venv/bin/python requirements/serve.txt pyproject.toml
	@echo "Installing errbook and what it needs into .venv"
	@$(PIP) install --require-hashes -r requirements/serve.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/lab: .venv/serve requirements/lab.txt
	@echo "Installing the drivers of the lab into .venv"
	@$(PIP) install --require-hashes -r requirements/lab.txt
	@touch $@

.venv/test: .venv/lab requirements/test.txt
	@echo "Installing the test tools into .venv"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@
