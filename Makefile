# The developer verbs; .ci/run uses the same ones. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
LOWEST := .venv-lowest
WITNESS := .venv-witness
SPARK := .venv-spark
READY := .venv/.ready
JOBS ?= auto

.PHONY: help lab demo test lint notebooks spark thorough bench constraints lowest clean

help:            ## list the verbs
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

lab: $(READY)    ## open JupyterLab on the notebooks
	$(BIN)/rejectkit lab

demo: $(READY)   ## run the notebooks on the sample, write them as HTML to demo/, print the findings
	$(BIN)/rejectkit demo

test: lint       ## lint, types and every test
	$(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses 8 --dist worksteal

lint: $(READY)   ## style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

notebooks: $(READY)  ## run every notebook from top to bottom
	$(BIN)/python -m pytest -q tests/test_notebooks.py

spark: $(READY)  ## SparkSource on a master with two workers, one of which is killed; needs Java
	@# in an environment of its own: pyspark warns of the pandas that the rest wants
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SPARK)
	$(BIN)/uv pip install --quiet --python $(SPARK)/bin/python -c constraints.txt -e ".[spark,test]"
	REJECTKIT_SPARK=required $(SPARK)/bin/python -m pytest -q -n 0 -m spark

thorough: $(READY)  ## the tests that draw their cases, with many more of them
	REJECTKIT_CONTRACT_CASES=2400 REJECTKIT_GRAMMAR_CASES=1000 REJECTKIT_FIREWALL_CASES=120000 \
		REJECTKIT_BLAME_SEEDS=10 REJECTKIT_BLAME_SCALE=20 REJECTKIT_RETRIEVAL_CASES=1000 REJECTKIT_COMBINED_CASES=20 \
		$(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses 8 --dist worksteal tests/test_contract.py \
		tests/test_trino_grammar.py tests/test_network_verdict.py tests/test_blame_scenario.py \
		tests/test_retrieval.py tests/test_combined.py

bench: $(READY)  ## measure against the peers, each in the same run
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks

constraints: $(READY)  ## renew constraints.txt, the exact versions everything above installs
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade --no-annotate \
		--custom-compile-command "make constraints" -o constraints.txt pyproject.toml

lowest: $(READY)  ## the tests on the lower bounds of pyproject.toml
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e ".[test]"
	@# old libraries on newer ones beneath them: what these deprecate is not the project's to mend
	$(LOWEST)/bin/python -m pytest -q -n $(JOBS) --maxprocesses 8 --dist worksteal -W default::DeprecationWarning

clean:           ## remove everything the verbs made
	rm -rf .venv $(LOWEST) $(WITNESS) $(SPARK) tests/trino/node_modules demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt tests/trino/package.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "rejectkit needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -b constraints.txt -e ".[test,dev]"
	@# an emulator that shares no code with the sandbox, in an environment of its own: it wants an older boto3
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(WITNESS)
	$(BIN)/uv pip install --quiet --python $(WITNESS)/bin/python ministack==1.5.33
	@# a second grammar of Trino's SQL, for the tests; without Node.js they are skipped
	if command -v npm >/dev/null; then \
		npm install --silent --prefix tests/trino --no-package-lock --ignore-scripts --no-audit --no-fund; fi
	@touch $@
