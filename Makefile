# One verb a need. `make demo` and `make test` want python3 (3.11 or newer), make and git, and nothing else:
# the first call makes .venv/ and installs the pinned versions into it, later calls find it ready.

PYTHON ?= python3
VENV   ?= .venv
N      ?= 100
# What is measured is installed as users install it: Python finds an editable install by some 10 ms of code.
BENCH  ?= $(VENV)-bench

# Stamps for what is installed; the rules stand at the end.
READY_DEMO := $(VENV)/.ready-demo
READY_TEST := $(VENV)/.ready-test
READY_DEV  := $(VENV)/.ready-dev

BIN  := $(VENV)/bin
RUN  := env -u PYTHONPATH -u PYTHONHOME -u PYTHONDONTWRITEBYTECODE -u OBS_DIR PATH="$(abspath $(BIN)):$$PATH"
PIP  := env -u PYTHONPATH -u PYTHONHOME $(BIN)/python -m pip --disable-pip-version-check install --quiet

# pytest's workers: the machine's cores, but four at most, for the suite is short.
PYTEST_ARGS ?= -n auto --maxprocesses 4

.DEFAULT_GOAL := help
.NOTPARALLEL: # two verbs must not install into one environment at a time
.PHONY: help demo test lint format types bench vectors pages soak fuzz example constraints package vsix test-vscode clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY_DEMO) ## train a model, record it, and prove where it came from
	$(RUN) bash .obs-example/demo.sh

test: $(READY_TEST) ## run the tests (PYTEST_ARGS='-k merkle' for some of them)
	$(RUN) python -m pytest $(PYTEST_ARGS)

lint: $(READY_DEV) ## check style and format, change nothing
	$(RUN) ruff check
	$(RUN) ruff format --check

format: $(READY_DEV) ## bring the code into form
	$(RUN) ruff check --fix
	$(RUN) ruff format

types: $(READY_DEV) ## check types with mypy and pyright, both strict
	$(RUN) mypy
	$(RUN) pyright

bench: $(READY_DEMO) ## measure speed and memory (BENCH_ARGS="--rows startup -n 20" for some of it)
	@test -x $(BENCH)/bin/python || $(BIN)/python -m venv $(BENCH)
	@rm -rf build # or the wheel would have modules that are gone
	@$(subst $(BIN),$(BENCH)/bin,$(PIP)) --constraint constraints.txt '.[pandas,sklearn]'
	$(subst $(abspath $(BIN)),$(abspath $(BENCH)/bin),$(RUN)) python benchmarks/run.py $(BENCH_ARGS)

vectors: $(READY_TEST) ## make the golden files in tests/vectors/ anew (a change there is a change of format)
	$(RUN) python tests/vectors/make.py
	$(RUN) python tests/vectors/make_content.py
	$(RUN) python tests/vectors/make_tlog.py

pages: $(READY_TEST) ## write the lists in docs/cli/ anew: options as click knows them, error codes
	$(RUN) python tests/pages.py

soak: $(READY_TEST) ## search longer for counterexamples: N=1000 examples a property
	OBS_SOAK=$(N) $(RUN) python -m pytest $(PYTEST_ARGS)

fuzz: N = 20000
fuzz: $(READY_TEST) ## read N=20000 damaged model files (OBS_FUZZ_SEED=7 for others), led by atheris if it is there
	$(RUN) python tests/modelfuzz.py $(N)

example: $(READY_DEMO) ## make the committed store in .obs-example/ anew
	$(RUN) bash .obs-example/make_store.sh

constraints: $(READY_DEV) ## write the versions in .venv/ to constraints.txt
	{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --all --exclude-editable | \
	  grep -v -i -e '^pip==' -e '^obs-provenance' | sort -f; } > constraints.tmp
	mv constraints.tmp constraints.txt

package: $(READY_DEV) ## build the sdist and the wheel into dist/
	rm -rf build dist
	$(RUN) python -m build

vsix: $(READY_DEMO) ## build the VS Code extension into dist/
	$(RUN) python vscode/build.py dist

test-vscode: $(READY_DEMO) ## test the extension in a real VS Code (installs it, and a browser, in ~/.cache/obs-vscode)
	OBS_PYTHON='$(abspath $(BIN))/python' bash vscode/test/run.sh

clean: ## remove what the other verbs made
	rm -rf $(VENV) $(BENCH) build dist obs_provenance.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov fuzz-failures
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------------------------------- the environment
# Each set holds the one before it, and so touches its stamp as well.

$(READY_DEMO): EXTRAS := pandas,sklearn
$(READY_DEMO): STAMPS := $(READY_DEMO)
$(READY_TEST): EXTRAS := test
$(READY_TEST): STAMPS := $(READY_DEMO) $(READY_TEST)
$(READY_DEV):  EXTRAS := dev
$(READY_DEV):  STAMPS := $(READY_DEMO) $(READY_TEST) $(READY_DEV)

$(READY_DEMO) $(READY_TEST) $(READY_DEV): $(BIN)/python pyproject.toml constraints.txt
	@echo "installing obs-provenance[$(EXTRAS)] into $(VENV)/ (once)"
	@$(PIP) --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $(STAMPS)

$(BIN)/python:
	@command -v '$(PYTHON)' >/dev/null || \
	  { echo "make: '$(PYTHON)' is not installed; obs needs Python 3.11 or newer (PYTHON=... names it)" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: obs needs Python 3.11 or newer, and '$(PYTHON)' is older:" \
	         "try PYTHON=python3.12 make ..." >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: '$(PYTHON)' cannot make virtual environments;" \
	         "on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@'$(PYTHON)' -m venv '$(VENV)'
