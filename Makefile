# make install   the program and the workflow, for whoever runs samples
# make dev       the tools of developers besides
# make demo      the workflow on simulated samples, offline, with a table of the verdicts
# make test      all tests
# make lint      all static checks; `make help` lists everything else
# Each sets up what it needs in .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUSOR := .fusor
INSTALLED := $(VENV)/.installed
DEV := $(VENV)/.dev
NATIVE := $(wildcard scripts/aspsfusion/native/*.[ch]) scripts/aspsfusion/native/build.py
CORES ?= 2
SLURM ?=
SAMPLES ?= 96
WORK ?= /tmp/aspsfusion-benchmark
STUDY ?= $(WORK)
REAL_DATA ?= $(ASPSFUSION_REAL_DATA)
SIZES ?= 5000000
SCALE ?= 1
LONG_SCALE ?= 100
INPUTS ?= 5000
ROUNDS ?= 20
CONFIG ?= config/validation.yaml

.DEFAULT_GOAL := help
.PHONY: help install dev demo test test-slurm batch-study screen-study long-study benchmark transcriptome carriers compare equality fusor fuzz validate lint lock sbom clean

help:
	@echo "make install   set up the program and the workflow in $(VENV)"
	@echo "make dev       set up the tools of developers as well; test, lint and the studies do it themselves"
	@echo "make demo      run the workflow on six simulated samples, offline (CORES=$(CORES))"
	@echo "make test      run all tests"
	@echo "make equality  give the same samples as FASTQ, BAM and CRAM and compare the verdicts"
	@echo "make test-slurm   run a batch on a Slurm of one node, started for it; skips where none can start"
	@echo "make batch-study  measure what a batch costs beyond its stages (SAMPLES=$(SAMPLES) CORES=$(CORES) SLURM=)"
	@echo "make validate  study accuracy on simulated samples (CORES=$(CORES) SCALE=$(SCALE) CONFIG=$(CONFIG))"
	@echo "make carriers  judge carriers and negatives of an independent simulator (CORES=$(CORES) KINDS= SAMPLES=)"
	@echo "make compare   verdicts of the demonstration's samples against another state (BASE=COMMIT)"
	@echo "make fusor     validate exported fusions with the models of the VICC specification, in $(FUSOR)"
	@echo "make fuzz      run mutated inputs of all kinds (INPUTS=$(INPUTS) CORES=$(CORES)), then kills and full disks"
	@echo "make screen-study  measure what the screen's settings lose and let in (STUDY=$(WORK) REAL_DATA=)"
	@echo "make long-study measure long reads: fusions, concatemers, wild type, time, and write the page (LONG_SCALE=$(LONG_SCALE))"
	@echo "make benchmark time the screen beside other programs (WORK=$(WORK) SIZES=$(SIZES))"
	@echo "make transcriptome  screen and analyse 4 million pairs of real mRNAs (with ASPSFUSION_REAL_DATA)"
	@echo "make lint      run all static checks"
	@echo "make lock      write constraints.txt and envs/requirements*.txt anew with the newest versions"
	@echo "make sbom      write sbom.cdx.json, the bill of materials of an installation (CycloneDX)"
	@echo "make clean     remove $(VENV), the demonstration and all caches; results/ stays"

install: $(INSTALLED)

dev: $(DEV)

# The stamp is written last, so that an installation that was cut short starts again. A changed C file is
# compiled by installing again. Python compiles what it imports once where it may write beside it; every job of a
# batch starts faster when that was done before. Each package has to have one of the hashes of the lock, those that
# build the program too, so that nothing is fetched for the build alone.
LOCKED = -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
PROGRAM = -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation
NO_ZIG = -m pip uninstall --quiet --disable-pip-version-check --yes ziglang
HAS_COMPILER = -c 'import sys, hatch_build; sys.exit(hatch_build.wanted_compiler() is None)'

$(INSTALLED): pyproject.toml envs/requirements.txt envs/requirements-zig.txt hatch_build.py $(NATIVE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "aspsfusion needs Python 3.11 or newer, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>/dev/null || echo not there). Name another: make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python $(LOCKED) -r envs/requirements.txt
	@$(BIN)/python $(HAS_COMPILER) || $(BIN)/python $(LOCKED) -r envs/requirements-zig.txt
	$(BIN)/python $(PROGRAM) -e .
	@$(BIN)/python $(NO_ZIG) 2>/dev/null
	@$(BIN)/python -m compileall -q scripts/aspsfusion
	@touch $@

# On top: what both locks hold has one version in both.
$(DEV): $(INSTALLED) envs/requirements-dev.txt
	$(BIN)/python $(LOCKED) -r envs/requirements-dev.txt
	@touch $@

demo: $(INSTALLED)
	$(BIN)/aspsfusion demo --output demo --cores $(CORES)

# Reads are made once, outside the repository; programs that are not installed are left out with a word.
benchmark: $(DEV) $(WORK)/panel
	$(BIN)/python tests/benchmark/benchmark.py --panel $(WORK)/panel --work $(WORK) \
	  --sizes $(SIZES) --output $(WORK)/benchmark.tsv

transcriptome: $(DEV) $(WORK)/panel
	$(BIN)/python tests/benchmark/transcriptome_study.py --panel $(WORK)/panel --work $(WORK)/transcriptome

long-study: $(DEV) $(WORK)/panel
	PYTHONPATH=tests $(BIN)/python tests/benchmark/long_study.py --panel $(WORK)/panel --output docs/long-reads.md --scale $(LONG_SCALE)

# STUDY=docs renews what the documentation shows; without REAL_DATA only random sequence is measured.
screen-study: $(DEV) $(WORK)/panel
	PYTHONPATH=tests $(BIN)/python -m screen_study --panel $(WORK)/panel --table $(STUDY)/screen.tsv \
	  --figure $(STUDY)/images/screen_setting.svg $(if $(REAL_DATA),--real-data $(REAL_DATA))

# Its directory has no date that says anything: where it stands, it stays.
$(WORK)/panel: | $(INSTALLED)
	mkdir -p $(WORK)
	$(BIN)/aspsfusion demo-reference --output $(WORK)/demo.fa.gz --force
	$(BIN)/aspsfusion panel build --genome $(WORK)/demo.fa.gz --output $(WORK)/panel

test: $(DEV)
	$(BIN)/python -m pytest --numprocesses $(CORES) --dist loadfile --no-loadscope-reorder

# The same samples as FASTQ, BAM and CRAM by real aligners (STAR, hisat2, minimap2, bwa, samtools).
equality: $(DEV)
	PYTHONPATH=tests $(BIN)/python -m equality

# In an environment of its own: its dependencies are many, and hold others back. One of them is compiled where it
# is not taken as a wheel.
fusor: $(DEV)
	$(PYTHON) -m venv $(FUSOR)
	$(FUSOR)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary=agct 'fusor==0.10.4'
	PYTHONPATH=tests $(BIN)/python -m vicc_examples > $(FUSOR)/fusions.json
	$(FUSOR)/bin/python tests/validate_vicc.py < $(FUSOR)/fusions.json

# Apart from `make test`, since it waits for a queue more than it works.
test-slurm: $(DEV)
	$(BIN)/python -m pytest -m slurm tests/workflow/test_slurm.py

# Goes on where it was stopped. SCALE=0.02 is a first look; CONFIG names thresholds and cells of your own.
validate: $(INSTALLED)
	$(BIN)/snakemake --snakefile workflow/validation.smk --cores $(CORES) --configfile $(CONFIG) \
	  --rerun-incomplete --config scale=$(SCALE)

# Goes on where it was stopped, unless the program has changed. KINDS="random share" are some of the kinds;
# SAMPLES= is a number of each kind, if given.
carriers: $(DEV) $(WORK)/panel
	PYTHONPATH=tests $(BIN)/python -m carriers.study --panel $(WORK)/panel --results $(WORK)/carriers.jsonl \
	  --cores $(CORES) $(if $(KINDS),--kinds $(KINDS)) \
	  $(if $(filter file,$(origin SAMPLES)),,--samples $(SAMPLES))

compare: $(DEV)
	@test -n "$(BASE)" || { echo "name the state to compare with: make compare BASE=COMMIT" >&2; exit 1; }
	PYTHONPATH=tests $(BIN)/python -m compare --base $(BASE)

# Goes on where it was stopped. The others kill, end and starve every stage, and the whole workflow, ROUNDS times.
fuzz: $(DEV)
	PYTHONPATH=tests $(BIN)/python -m fuzz --work $(WORK)/fuzz --inputs $(INPUTS) --cores $(CORES)
	PYTHONPATH=tests $(BIN)/python -m fuzz.broken_rounds --work $(WORK)/broken --rounds $(ROUNDS)
	PYTHONPATH=tests $(BIN)/python -m fuzz.workflow_rounds --work $(WORK)/broken_workflow --rounds $(ROUNDS)

batch-study: $(DEV)
	PYTHONPATH=tests $(BIN)/python tests/benchmark/batch_study.py --samples $(SAMPLES) --cores $(CORES) \
	  $(if $(SLURM),--slurm)

# Snakemake reads a configuration before it can lint; this one names files that are there.
lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint --configfile tests/workflow/lint/config.yaml
	@if command -v cc >/dev/null; then $(BIN)/python scripts/aspsfusion/native/build.py --check cc; \
	  else echo "lint: the C files are not checked, since there is no C compiler here"; fi

# Versions first, then the hashes of all files that the index has of them, for any system and Python.
LOCK = .lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
  --constraint constraints.txt

lock:
	$(PYTHON) -m venv --clear .lock
	.lock/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev,slurm,long,pdf,sbom]'
	{ echo '# The versions of envs/requirements*.txt, and of weasyprint, written by `make lock`.'; \
	  .lock/bin/python -m pip freeze --exclude-editable; } > .lock/constraints.txt
	cp .lock/constraints.txt constraints.txt
	.lock/bin/python -m pip install --quiet --disable-pip-version-check uv 'hatchling>=1.25,<2'
	echo 'hatchling>=1.25,<2' > .lock/build.in
	.lock/bin/python -c 'import hatch_build; print(hatch_build.ZIG)' > .lock/zig.in
	$(LOCK) --extra slurm -o .lock/requirements.txt pyproject.toml .lock/build.in
	$(LOCK) --extra slurm --extra long --extra dev -o .lock/requirements-dev.txt pyproject.toml .lock/build.in
	for extra in long sbom; do \
	  .lock/bin/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $$extra > .lock/$$extra.in; \
	done
	for extra in zig long sbom; do $(LOCK) -o .lock/requirements-$$extra.txt .lock/$$extra.in; done
	for file in .lock/requirements*.txt; do \
	  { echo '# Exact versions with the hashes of their files, written by `make lock`.'; cat $$file; } > envs/$${file##*/}; \
	done
	rm -rf .lock

# Of what runs samples, without the tools of developers. What writes it has an environment of its own.
sbom:
	$(PYTHON) -m venv --clear .sbom
	.sbom/bin/python $(LOCKED) -r envs/requirements.txt
	@.sbom/bin/python $(HAS_COMPILER) || .sbom/bin/python $(LOCKED) -r envs/requirements-zig.txt
	.sbom/bin/python $(PROGRAM) .
	@.sbom/bin/python $(NO_ZIG) 2>/dev/null
	$(PYTHON) -m venv .sbom/writer
	.sbom/writer/bin/python $(LOCKED) -r envs/requirements-sbom.txt
	.sbom/writer/bin/cyclonedx-py environment --output-reproducible --validate --of JSON --output-file sbom.cdx.json .sbom/bin/python
	rm -rf .sbom

clean:
	rm -rf $(VENV) $(FUSOR) .lock .sbom sbom.cdx.json demo .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
