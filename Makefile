# What a person types. `make` alone lists it.
PY := .venv/bin/python
# What `make check` runs: nothing that starts a server, a browser or PostgreSQL. Of the walks over
# every service call, it runs only the one about who may make each; and it leaves out what takes a
# second or more by itself, a sixth of the time.
CHECKED := -m "not postgresql and not browser and not slow and not long and not stress and not walk" \
  tests/services tests/test_architecture.py tests/test_project.py
.DEFAULT_GOAL := help
# With it, each server under test would compile all of Rollcall, a second of processor time each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## .venv with the locked dependencies; does nothing a second time
	@scripts/setup requirements.txt
	@scripts/setup requirements-dev.txt

.PHONY: setup-run
setup-run:
	@scripts/setup requirements.txt

.PHONY: run
run: setup-run ## serve Rollcall on http://localhost:8080
	@$(PY) main.py serve

.PHONY: demo
demo: setup-run ## serve a demo organisation of 250 users
	@$(PY) main.py demo

.PHONY: test
test: setup ## lint beside every test; PYTEST_ARGS="-k sign_in -x" narrows it
	@scripts/test-system-packages
	@scripts/setup tests/services/sso/canaille-requirements.txt .venv-canaille
	@$(PY) scripts/beside.py scripts/lint -- \
	  $(PY) -m pytest --numprocesses=auto --dist=worksteal $(PYTEST_ARGS)

.PHONY: check
check: setup ## the inner loop: lint, types, units, and the services on SQLite
	@scripts/lint
	@$(PY) -m pytest --numprocesses=auto --dist=worksteal $(CHECKED) $(PYTEST_ARGS)

.PHONY: soak
soak: setup ## each stress and walk in full, where `make test` runs as much as finds what it is for
	@scripts/test-system-packages
	@$(PY) -m pytest --numprocesses=auto --dist=worksteal --soak -m stress $(PYTEST_ARGS)

.PHONY: pictures
pictures: setup ## make the pictures of README and docs anew, of the demo
	@$(PY) -m pytest --pictures tests/browser/test_pictures.py

.PHONY: lint
lint: setup ## check the format, lint, types, import contracts, and known vulnerabilities
	@scripts/lint

.PHONY: format
format: setup ## lay the code out, and mend what can be mended
	@.venv/bin/ruff check --fix-only --quiet
	@.venv/bin/ruff format

.PHONY: bench
bench: setup ## measure Rollcall beside the floor of this machine
	@$(PY) -m benchmarks $(BENCH_ARGS)

.PHONY: lock
lock: setup-run ## write the lock files anew; LOCK_ARGS=--upgrade takes newer versions
	@scripts/lock $(LOCK_ARGS)
