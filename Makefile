# The verbs of this project. They need Python 3.11 or newer with pip, and make; the rest comes into .venv.
PY ?= python3
VENV := .venv
READY := $(VENV)/.ready
UV := $(VENV)/uv/bin/uv
PYTHON := $(VENV)/bin/python
WITH_SERVERS := $(PYTHON) -m partnercenter.dev.servers --
# Placeholders: the checks read settings without serving anybody.
ANY_DATABASE := DATABASE_URL=postgresql:///none
LIKE_PRODUCTION := DEBUG=0 SECRET_KEY=for-the-checks-of-make-only-0123456789-abcdefghijklmnop ALLOWED_HOSTS=portal.example $(ANY_DATABASE)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
ARGS ?=

# Without compiled modules every start of manage.py takes seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check lint types layers templates dependencies translations migrations deployment bench messages lock clean

help: ## What make can do here
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: $(READY) ## Start the portal with everything it needs (PORT=8000)
	@exec $(PYTHON) -m partnercenter.dev.run

test: check ## Everything that CI runs (ARGS="tests/accounts -k token" for pytest)
	@$(PYTHON) -m partnercenter.dev.messages compile
	@DEBUG=1 $(WITH_SERVERS) $(PYTHON) -m pytest -n 2 --cov --cov-report=term $(JOURNEYS) $(ARGS)

check: lint types layers templates dependencies translations migrations deployment ## All that needs no test to run

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(READY)
	DEBUG=1 $(ANY_DATABASE) $(PYTHON) -m mypy

layers: $(READY)
	$(VENV)/bin/lint-imports

templates: $(READY)
	$(VENV)/bin/djlint templates --lint --quiet

dependencies: $(READY)
	$(VENV)/bin/deptry .

translations: $(READY)
	$(PYTHON) -m partnercenter.dev.messages check

migrations: $(READY)
	DEBUG=1 $(WITH_SERVERS) $(PYTHON) manage.py makemigrations --check --dry-run

deployment: $(READY)
	$(LIKE_PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

bench: $(READY) ## Measure pages (ARGS="1000 100000" customers), a price list and renewals
	@DEBUG=0 $(WITH_SERVERS) $(PYTHON) -m tests.benchmarks.measure $(ARGS)
	@DEBUG=0 $(WITH_SERVERS) $(PYTHON) -m tests.benchmarks.price_list 100000
	@DEBUG=0 $(WITH_SERVERS) $(PYTHON) -m tests.benchmarks.renewals 100000

messages: $(READY) ## Bring locale/ up to date with the sources
	@$(PYTHON) -m partnercenter.dev.messages update

lock: $(READY) ## Choose the newest versions that fit and pin them
	$(UV) lock --quiet --upgrade
	$(UV) export --quiet --format requirements-txt --no-header --no-annotate --output-file requirements.lock
	rm uv.lock

clean: ## Forget the development data and everything that was installed
	rm -rf .dev $(VENV) staticfiles .coverage* htmlcov .hypothesis .*_cache test-results
	find locale -name '*.mo' -delete

$(READY): requirements.lock
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PY=python3.12")'
	@echo "Installing into $(VENV) …"
	@$(PY) -m venv --without-pip $(VENV)
	@test -x $(UV) || $(PY) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target $(VENV)/uv uv==0.13.9
	@$(UV) pip sync --quiet --python $(PYTHON) --require-hashes requirements.lock
	@touch $@

ifneq ($(CHROMIUM),)
JOURNEYS :=
else ifdef CI
JOURNEYS = $(error CI needs Chromium for the journeys)
else
JOURNEYS = -m "not journey" $(warning *** NO CHROMIUM: the journeys in a real browser are left out ***)
endif
