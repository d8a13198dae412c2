# Two commands from a fresh machine (Python 3.11, gcc, make): `make demo` and `make test`.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
DISPUTES ?= 6000
PORT ?= 8000
JOBS ?= 2

# BLAS gains nothing on fits this small, and its waiting threads take a core from whoever works.
export OMP_NUM_THREADS ?= 2
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: assets notebooks demo demo-stop test lint format lock clean bench-district bench-features bench-online bench-encoders bench-model bench-reasons bench-trust bench-contract bench-faults bench-serving bench-visits bench-effects bench-map bench-watch

# The stamp names the lock file: change it, and the environment is made anew.
$(VENV)/.made: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

demo: $(VENV)/.made
	$(BIN)/python examples/demo.py start --folder $(DEMO) --disputes $(DISPUTES) --port $(PORT)

demo-stop: $(VENV)/.made
	$(BIN)/python examples/demo.py stop --folder $(DEMO)

test: $(VENV)/.made
	PYTHON=$(BIN)/python sh tests/system_packages.sh
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

lint: $(VENV)/.made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.made
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# From pyproject's ranges. torch is named without a build, so that any will do: the CPU wheel where pip is shown
# one (it counts as later: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu), else PyPI's, which is CUDA's
# and some gigabytes.
lock:
	$(BIN)/pip-compile --quiet --extra dev --strip-extras --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements.lock pyproject.toml
	sed -i 's/^\(torch==[0-9.]*\)+.*/\1/' requirements.lock

# What the pages take from npm (Node is needed here and nowhere else); the built files are committed.
assets:
	npm ci --ignore-scripts --no-audit --no-fund --prefix serving/pages/assets
	$(PYTHON) serving/pages/building.py

# Runs each on the folder of `make demo` and writes it with its outputs beside its text.
notebooks: $(VENV)/.made
	$(BIN)/python tests/notebook_runs.py $(DEMO)

bench-district: $(VENV)/.made
	$(BIN)/python -m bench.district

# Hours from nothing; what was measured of the same code is kept in bench/.cache. BENCH="--sizes 10000,100000"
bench-features: $(VENV)/.made
	$(BIN)/python -m bench.features $(BENCH) --out bench/results/features.txt

# Keeps two stores of a million disputes under bench/.cache: some minutes and 5 GB the first time.
bench-online: $(VENV)/.made
	$(BIN)/python -m bench.features.online --out bench/results/online.txt

# Some twenty minutes on two idle cores. ENCODERS="--cail FOLDER/sentences.parquet --large"
bench-encoders: $(VENV)/.made
	$(BIN)/python -m bench.encoders $(ENCODERS)

# Keeps its environments (CatBoost, skrub, AutoGluon), districts and scores in bench/.cache. MODEL="--peers anlan,skrub"
bench-model: $(VENV)/.made
	$(BIN)/python -m bench.model $(MODEL) --out bench/results/model.txt

# Some minutes each on two idle cores; nothing of the model was set on these districts.
bench-reasons: $(VENV)/.made
	$(BIN)/python -m bench.reasons --seed 7 --cases 150 --out bench/results/reasons.txt

bench-trust: $(VENV)/.made
	for seed in 7 12; do \
	    $(BIN)/python -m bench.trust --seed $$seed --out bench/results/trust-$$seed.txt || exit 1; \
	done

# Some twenty minutes on two idle cores, most of them for the 100,000 calls. SERVING="--held 10000"
bench-serving: $(VENV)/.made
	$(BIN)/python -m bench.serving $(SERVING) --out bench/results/serving.txt

# Some minutes: the best assignment of visits beside the plan as it is made.
bench-visits: $(VENV)/.made
	$(BIN)/python -m bench.visits $(VISITS) --out bench/results/visits.txt

# A quarter of an hour on two idle cores: what `anlan effects` finds where the truth is known. EFFECTS="--seeds 1 2 3"
bench-effects: $(VENV)/.made
	$(BIN)/python -m bench.effects $(EFFECTS) --out bench/results/effects.txt

# A minute: 3,000 grids in Chromium.
bench-map: $(VENV)/.made
	$(BIN)/python -m bench.map --out bench/results/map.txt

# Some ten minutes on two idle cores: 100 examples a route, thousands in all.
bench-contract: $(VENV)/.made
	$(BIN)/python -m bench.contract --out bench/results/contract.txt

# Three quarters of an hour. As root a tmpfs is filled; libfaketime and a C compiler make two more. FAULTS="--only killed"
bench-faults: $(VENV)/.made
	$(BIN)/python -m bench.faults $(FAULTS) --out bench/results/faults.txt

# About an hour on an idle core; what was measured of the same code is kept in bench/.cache. WATCH="--seeds 1,2,3,4"
bench-watch: $(VENV)/.made
	$(BIN)/python -m bench.watch $(WATCH) --out bench/results/watch.txt

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
