# Two commands: `make demo` shows a living city, `make test` proves it.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
CITYBRAIN = .venv/bin/python -m infra.cli

.PHONY: demo test test-alone install install-tests check lock sbom audit

demo: install
	@exec $(CITYBRAIN) up --foreground

test: install-tests
	@.venv/bin/python -m pytest

install:
	@$(PYTHON) -m infra.install

install-tests:
	@$(PYTHON) -m infra.install --tests

# what needs the machine to itself: a city backed up, wiped and restored, with Flink
test-alone: install-tests
	@.venv/bin/python -m pytest -m alone

# style, types and layers, without any component
check:
	.venv/bin/python -m ruff check .
	.venv/bin/python -m mypy
	.venv/bin/python -m pytest -q tests/test_layers.py

# what the platform is made of (CycloneDX), into .citybrain/sbom
sbom:
	.venv/bin/python -m infra.sbom

# known vulnerabilities of the lock; needs the internet, and says so where there is none
audit:
	.venv/bin/python -m infra.sbom audit

# renew the locks after a change of the dependencies in pyproject.toml
PIN = .venv/bin/python -m piptools compile -q --generate-hashes --allow-unsafe --strip-extras \
	--no-config --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host
lock:
	env -u PIP_FIND_LINKS $(PIN) --output-file requirements.lock pyproject.toml
	env -u PIP_FIND_LINKS $(PIN) --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml
