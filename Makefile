# Everything that this project does from a checkout. Each target does its own set-up; a second time it is quick.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := tap-github-stats/tap_github_stats target-bigquery-merge/target_bigquery_merge local-stack/local_stack
TYPED := $(PACKAGES) scripts tests

.PHONY: help demo test lint format docs constraints clean setup setup-test
.DEFAULT_GOAL := help

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1|/' | column -t -s '|'

setup: ## Set up what the demo needs (the other targets do it themselves).
	@$(PYTHON) scripts/setup.py demo

setup-test:
	@$(PYTHON) scripts/setup.py test

demo: setup ## Collect a whole generated organization, and see that every row arrived (KEEP=1 leaves the servers running).
	@$(BIN)/python -m scripts.demo

lint: setup-test ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)

test: lint ## Check style and types, then run all tests on Python 3.13 and the packages' own on 3.11.
	LOCAL_STACK_BIGQUERY=$(CURDIR)/$(BIN)/local-bigquery .venv-3.11/bin/pytest -n 2 --dist loadgroup tests/tap tests/target
	$(BIN)/pytest -n 2 --dist loadgroup

format: setup-test ## Format the code and mend what ruff can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup-test ## Write the reference parts of the documentation anew.
	@$(BIN)/python -m scripts.reference

constraints: ## Renew every pinned version in constraints.txt.
	@$(PYTHON) scripts/setup.py tools
	.tools/uv/bin/uv pip compile --upgrade --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --quiet \
		--group dev pyproject.toml --output-file constraints.txt $(foreach package,tap-github-stats target-bigquery-merge local-stack,--no-emit-package $(package))

clean: ## Remove everything that the other targets made.
	rm -rf .tools .venv .venv-3.11 .cache .meltano .peers .demo .local-stack .mypy_cache .ruff_cache .pytest_cache output
