# shellcheck shell=bash
# Checks of images that need no engine; scripts/lint checks scripts and texts.

lint() {
    local bin
    install_packages python3-venv
    bin=$(scripts/python-tools .cache/lint scripts/lint.d/requirements.txt)
    "$bin/hadolint" --config docker/hadolint.yaml docker/*/Dockerfile
    say "hadolint: $(find docker -name Dockerfile | wc -l) Dockerfiles are clean"
    "$bin/check-jsonschema" --builtin-schema vendor.circle-ci .circleci/config.yml
    "$bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
    "$bin/python" -m unittest discover --start-directory scripts/images.d --pattern 'test_*.py'
}
