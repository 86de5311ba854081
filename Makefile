# Two commands: `make demo` and `make test`. Both make the environment first where it is not right yet.
.PHONY: help demo train-demo first-shot-demo test test-slow fuzz lint format types accuracy bench gpu env clean chaos site

VENV := .venv
BIN := $(VENV)/bin
# The first of these that runs and is 3.11 or 3.12; override with `make PYTHON=/path/to/python3.12 demo`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
DEMO ?= demo
MINUTES ?= 10
SEED ?= 0

help:
	@echo "make demo       simulate a fleet, score a night, write its report (no weights, key or cluster)"
	@echo "make train-demo train a small network on a simulated fleet and compare it with TWFR (15 minutes at most)"
	@echo "make first-shot-demo  generate faults of a simulated archive's machines with random weights, and choose r on them"
	@echo "make test       the whole test suite, with lint and types"
	@echo "make test-slow  the kill tests, and others that take minutes"
	@echo "make fuzz       mutated recordings, manifests, recipes and names through their readers, (MINUTES=10)"
	@echo "make chaos      jobs killed at random moments, and compared with unbroken runs (MINUTES=60 SEED=0)"
	@echo "make bench      throughput and memory, as ratios to references in the same run"
	@echo "make gpu        everything that needs a GPU, in under nine minutes, with one table; nothing without a GPU"
	@echo "make site       these pages with search and navigation, into build/site"
	@echo "make accuracy   the tables of docs/accuracy.md, from ASD_REAL_DATA"
	@echo "make lint | format | types | env | clean"

env: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install one, or run make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON) and installing about 7 GB (PyTorch with CUDA is most of it); once, some minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[cpu,test]"
	@touch $@

demo: env
	@$(BIN)/asd demo $(DEMO)

train-demo: env
	@$(BIN)/python -m tests.accuracy.train_demo

first-shot-demo: env
	@$(BIN)/python -m tests.accuracy.first_shot_demo

test: lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not gpu"

test-slow: env
	$(BIN)/python -m pytest -m slow

fuzz: env
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

chaos: env
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED)

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: env
	$(BIN)/mypy

gpu: env
	@$(BIN)/python -m tests.benchmarks.gpu

bench: env
	$(BIN)/python -m tests.benchmarks.bench

site: env
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --config-file infra/docs/mkdocs.yml
	@echo "build/site/index.html; with search: $(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site 8001"

accuracy: env
	$(BIN)/python -m tests.accuracy.modspec
	$(BIN)/python -m tests.accuracy.first_shot

clean:
	rm -rf $(VENV) $(DEMO) train-demo first-shot-demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
