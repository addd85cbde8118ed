# shellcheck shell=bash
# What can be judged without an engine.

lint() {
    local bin
    bin=$(judges)
    "$bin/hadolint" --config docker/hadolint.yaml docker/*/Dockerfile
    say "hadolint: $(find docker -name Dockerfile | wc -l) Dockerfiles are clean"
    "$bin/check-jsonschema" --builtin-schema vendor.circle-ci .circleci/config.yml
    "$bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
    install_packages shellcheck
    shellcheck --external-sources --severity=warning scripts/images scripts/fetch-samples
    "$bin/python" -m unittest discover --start-directory scripts/images.d --pattern 'test_*.py'
}
