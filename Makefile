# Every command of the project. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help book test check serve offline pdf notebooks format bench links colab dist lock clean
export PYTHON PROFILE
# One more than two cores: many tests wait for limits of time and for processes that end.
WORKERS ?= 3
PORT ?= 8000
BENCH ?= training machine grading widgets
FAST = $(addprefix tests/autograder/, checks exercises gradebook submissions test_imports.py)

define STYLE
@.venv/bin/ruff format --check --quiet . || { echo "make $@: run 'make format'." >&2; exit 1; }
@.venv/bin/ruff check .
@.venv/bin/mypy --no-error-summary
endef

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

book: .venv/.ready ## build the book into _build/html (PROFILE=full: train on the complete data sets)
	@.venv/bin/python book/_tools/build.py

test: .venv/.ready ## check style and types, and run all tests
	$(STYLE)
	@.venv/bin/python -m pytest --numprocesses $(WORKERS) --dist loadgroup

check: .venv/.ready ## the fast part of `make test`: style, types, imports, judges, notebooks, gradebook
	$(STYLE)
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-few} .venv/bin/python -m pytest --quiet --numprocesses auto --maxprocesses 4 --dist loadgroup -m "not slow" $(FAST)

serve: .venv/.ready ## show the built book on http://127.0.0.1:8000 (PORT=8001: another port)
	@.venv/bin/python book/_tools/serve.py --port $(PORT)

offline: .venv/.ready ## pack the built book into one file that needs no network
	@.venv/bin/python book/_tools/offline.py

pdf: .venv/.ready ## print the whole book as one PDF; needs Chromium
	@.venv/bin/python book/_tools/pdf.py

notebooks: .venv/.ready ## regenerate book/notebooks
	@.venv/bin/python book/_tools/notebooks.py

format: .venv/.ready ## put the code into the project's style
	@.venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix .

bench: .venv/.ready ## time training and grading; two hours (BENCH=machine: this machine alone, 5 min)
	@for name in $(BENCH); do .venv/bin/python tests/benchmarks/$$name.py || exit 1; done

links: .venv/.ready ## check that the links of the book lead somewhere; needs the internet
	@.venv/bin/python book/_tools/build.py --links

colab: ## run the notebooks with the Python named by PYTHON and its own libraries, as in Colab
	@$${PYTHON:-python3} book/_tools/colab.py

dist: .venv/.ready ## build a wheel, check it, and try it alone in an empty environment
	@.venv/bin/python book/_tools/dist.py

lock: .venv/.ready ## write requirements.txt anew from pyproject.toml
	@.venv/bin/uv pip compile --quiet --universal --all-extras --python-version 3.11 --no-header --output-file requirements.txt pyproject.toml

clean: ## delete what was built, but neither .venv nor cached training runs
	@rm -rf _build .cache/jupyter book/records/quick

.venv/.ready: requirements.txt pyproject.toml package-lock.json book/_tools/setup.sh
	@echo "Setting up .venv (once, some minutes)."
	@sh book/_tools/setup.sh
