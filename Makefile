PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
PHOTOS ?= $(wildcard ../shared/photos)# to measure on; where there are none, those that come with gradio
PIP_TOOLS := pip-tools==7.6.2

.PHONY: run test torture cluster-test lint audit lock bench scaling detail areas gpu pocket evaluate clean

run: $(INSTALLED)
	$(BIN)/python app.py

# Two at a time, each with one thread: tests of the page wait more than they compute.
test: $(INSTALLED)
	$(BIN)/python -m tests.browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

torture: $(INSTALLED)
	$(BIN)/python -m pytest -m torture -s tests/reliability

# Figures, and what stops all of Ray on this machine, alone; the rest two at a time, because it mostly waits.
ALONE := tests/cluster/test_figures.py tests/deploy/test_replicas.py tests/deploy/test_page_on_ray.py
cluster-test: $(INSTALLED)
	$(BIN)/python -m tests.balancer
	$(BIN)/python -m pytest -m cluster -s $(ALONE)
	$(BIN)/python -m pytest -m cluster --numprocesses 2 --dist loadfile tests/cluster tests/deploy $(ALONE:%=--ignore %)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(INSTALLED)
	$(BIN)/python -m tests.audit

# Only from the registry, so that the sums are those that everybody gets; the remarks at the top stay.
lock:
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/pip install --disable-pip-version-check --quiet $(PIP_TOOLS)
	cp requirements.lock .venv/lock/
	PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= .venv/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe \
	  --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-options \
	  --output-file .venv/lock/requirements.lock requirements-dev.txt
	awk '/^[^#]/ { exit } { print }' requirements.lock > .venv/lock/whole
	grep -v '^#' .venv/lock/requirements.lock >> .venv/lock/whole
	cp .venv/lock/whole requirements.lock

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

scaling: $(INSTALLED)
	$(BIN)/python -m benchmarks.scaling

detail: $(INSTALLED)
	$(BIN)/python -m benchmarks.full_size $(PHOTOS:%=--photos %)

areas: $(INSTALLED)
	$(BIN)/python -m benchmarks.areas $(PHOTOS:%=--photos %)

gpu: $(INSTALLED)
	$(BIN)/python -m pytest -m gpu
	$(MAKE) bench

pocket: $(INSTALLED)
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_ARENA_MAX=1 $(BIN)/python -m pix2pix.training $(PHOTOS:%=--photos %)

evaluate: $(INSTALLED)
	$(BIN)/python -m pix2pix.training.evaluation $(PHOTOS:%=--photos %)

$(INSTALLED): requirements.txt requirements-ray.txt requirements-lora.txt requirements-dev.txt
	@echo "Installing what the program needs into .venv; the first time takes a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet --requirement requirements-dev.txt
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
