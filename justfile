# The scripts of this project by name, for `just`; every recipe is one script, which can be called without `just` as well.
# `just` alone lists them; arguments go through: `just images test hs3-cpl`.

# List the recipes
default:
    @just --list --unsorted

# Install the system libraries and tools that are missing
setup:
    scripts/setup

# Build, convert the samples of every collection, compare, and print what to look at
run-sample:
    scripts/run-sample

# Everything a commit must pass
check:
    scripts/check

# Tests, and the judgement of products by other libraries
test:
    scripts/test

# Shell scripts, spelling, unused dependencies, scripts/new-collection
lint:
    scripts/lint

# Compile with the oldest compiler that is promised
msrv *arguments:
    scripts/msrv {{ arguments }}

# Try the page of a run's summary in headless Chromium
try-page:
    scripts/try-page

# Judge products by libraries the product does not use; with --readers by some forty readers
conform *arguments:
    scripts/conform {{ arguments }}

# The long form of the tests that kill runs
torture *rounds:
    scripts/torture {{ rounds }}

# Try a campaign in shards on Slurm and on S3 servers, all on this machine
scale *arguments:
    scripts/scale {{ arguments }}

# Check the files for Slurm, AWS Batch and Kubernetes
check-deploy *arguments:
    scripts/check-deploy {{ arguments }}

# Measure speed and memory beside other programs
bench *arguments:
    scripts/bench {{ arguments }}

# List the collections and the folders of their samples
collections *arguments:
    scripts/collections {{ arguments }}

# Make a new collection: crate, image, sample, page
new-collection *arguments:
    scripts/new-collection {{ arguments }}

# Make samples and their expected results anew
make-samples *collections:
    scripts/make-samples {{ collections }}

# Fetch genuine granules and their expected results
fetch-samples *arguments:
    scripts/fetch-samples {{ arguments }}

# Fetch the CF tables and the ECHO10 schema for `conform`
fetch-schemas:
    scripts/fetch-schemas

# Build, test, lint, publish images; without a verb it lists them
images *arguments:
    scripts/images {{ arguments }}

# What CI runs: needs CUMULUS_SHARED
ci:
    .ci/run
