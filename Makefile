# evhub: `make demo` shows it, `make test` proves it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo pages test check bench crash soak fuzz interop blackbox netns lock setup clean

demo: setup ## simulated chargers on the real wires, a broker, a CSMS, one hub
	$(BIN)/evhub demo

pages: setup ## what is generated from the tests
	$(BIN)/python -m tests.conformance.report

test: setup ## the whole suite, with the coverage floor
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered

check: setup ## format, lint, types, contracts, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: setup ## ratios to a straight-line program, in one run
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.bus
	$(BIN)/python -m tests.bench.answers

crash: setup ## the hub is killed at many points of a transaction
	$(BIN)/python -m pytest -m crash --timeout 3600

soak: setup ## long runs
	$(BIN)/python -m pytest -m soak --timeout 0

fuzz: setup ## every property and every handler, for long and by chance
	$(BIN)/python -m pytest -m fuzz -n auto --timeout 3600
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fuzz -n auto --timeout 3600

interop: setup ## against mosquitto, libmodbus and stacks of other hands, where they can be had
	$(BIN)/python -m tests.interop.peers
	$(BIN)/python -m pytest -m interop -n auto

blackbox: setup ## hubs as processes in real time, between a charger and a CSMS that know nothing of them
	$(BIN)/python -m pytest -m blackbox -n 4

netns: setup ## machines on a switch, as network namespaces (needs root)
	$(BIN)/python -m pytest -m netns

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

lock: ## pin every dependency with hashes, for all interpreters and platforms (needs uv)
	uv pip compile pyproject.toml --extra dev --extra fast --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet -o requirements/dev.txt
	uv pip compile pyproject.toml --extra fast --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet -o requirements/run.txt

clean:
	rm -rf .venv .venv-* .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
