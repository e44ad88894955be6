# make run    the program with demo data on http://127.0.0.1:8000 (PORT=8123 DATA_DIR=... beside it)
# make test   everything: lint, types, contracts, tests on PostgreSQL and SQLite, browser journeys
# make lint   only what needs no database      make bench   the performance table
# make soak   hours of it                      make lock    the locked dependencies, anew
# make words  the catalog of everything the program says, anew (locale/, for translators)
# make confidence   both sides seeded, used and attacked: one table of what came of it
# make clean  what running and testing leave   (docs/configuration.md lists the variables)

MAKEFLAGS += --no-print-directory
.PHONY: run test lint bench soak confidence lock words clean

run:
	@bin/run

test:
	@bin/test

lint:
	@bin/lint

bench:
	@bin/packages venv postgresql redis
	@bin/venv requirements-dev.lock
	@bin/with_services .venv/bin/python -m bench

soak:
	@bin/packages venv postgresql redis chromium
	@bin/venv requirements-dev.lock
	@bin/with_services .venv/bin/python -m pytest -m soak

confidence:
	@bin/packages venv postgresql redis
	@bin/venv requirements-dev.lock
	@bin/with_services .venv/bin/python -m tests.confidence

lock:
	@bin/venv requirements-dev.lock
	@bin/lock

words:
	@bin/packages venv gettext
	@bin/venv requirements-dev.lock
	@bin/words

clean:
	rm -rf var build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
