# Everything runs in an environment of its own, .venv, built from locked requirements with hashes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test score check lint types imports format lock env clean docs captures man deb

demo: $(VENV)/.run ## run the main job on a local Maildir and calendar folder
	$(BIN)/afterword demo

env: $(VENV)/.dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/.run

test: env ## install what the tests need, and pass them
	tests/install-packages
	$(BIN)/pytest -n $(or $(JOBS),auto)

score: env ## how right recognition is, over ../shared/corpus
	$(BIN)/python bench/score.py

check: lint types imports ## what must hold before anything else
lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
types: env
	$(BIN)/mypy
imports: env
	$(BIN)/lint-imports

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## after changing dependencies in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --group build -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --group pyproject.toml:docs -o requirements-docs.txt

docs: $(VENV)/.docs ## the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet

$(VENV)/.docs: requirements-docs.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)-docs
	$(VENV)-docs/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	touch $@

captures: env ## what the command line shows, as pictures in docs/captures
	$(BIN)/python docs/captures/build.py

man: env ## the man page, from the commands' own help
	$(BIN)/python docs/man/build.py

deb: env ## a Debian package in dist/
	packaging/deb/build

clean:
	rm -rf $(VENV) $(VENV)-docs dist site .mypy_cache .ruff_cache .pytest_cache
