"""Rules for .circleci/config.yml, compose.yaml and the Dockerfiles that schemas cannot express; and the tag rule."""

import json
import os
import pathlib
import re
import subprocess
import unittest

from ruamel.yaml import YAML

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = dict(line.split(" ", 1) for line in subprocess.run(
    [ROOT / "scripts/collections"], check=True, capture_output=True, text=True).stdout.splitlines())
VERSION = re.search(r'^\[workspace\.package\]\nversion = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]


def load(name):
    return YAML(typ="safe").load(ROOT / name)


def tags(branch, tag):
    """Tags that would be published, or None if publishing is refused."""
    run = subprocess.run(
        [ROOT / "scripts/images", "tags"], env={**os.environ, "CIRCLE_BRANCH": branch, "CIRCLE_TAG": tag},
        capture_output=True, text=True, check=False)
    return run.stdout.split() if run.returncode == 0 else None


class TagRule(unittest.TestCase):
    def test_branches(self):
        for branch, expected in {
            "develop": ["develop"], "master": ["latest"], "main": ["latest"], "feature/develop": [], "release-1.0": [],
            "develop2": [], "Main": [], "": [], "v0.1.0": [], "latest": [],
        }.items():
            self.assertEqual(tags(branch, ""), expected, branch)

    def test_git_tags(self):
        self.assertEqual(tags("", f"v{VERSION}"), [f"v{VERSION}"])
        self.assertEqual(tags("main", f"v{VERSION}"), [f"v{VERSION}"], "a tag counts more than the branch it is on")
        self.assertIsNone(tags("", "v999.0.0"), "a tag that is not the version of the program")
        for tag in [f"{VERSION}", f"v{VERSION}-rc1", "v1", "v1.2", "v01.2.3", "latest", f"xv{VERSION}"]:
            self.assertEqual(tags("", tag), [], tag)


class CircleCI(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.configuration = load(".circleci/config.yml")
        cls.jobs = cls.configuration["jobs"]
        cls.uses = [
            next(iter(use.items())) if isinstance(use, dict) else (use, {})
            for workflow in cls.configuration["workflows"].values() for use in workflow["jobs"]
        ]

    def test_workflows_use_jobs_that_exist_and_no_job_is_idle(self):
        self.assertEqual({job for job, _ in self.uses}, set(self.jobs))

    def test_requirements_are_names_of_the_workflow(self):
        names = set()
        for job, use in self.uses:
            names |= {job, use.get("name", job), use.get("matrix", {}).get("alias", job)}
        for job, use in self.uses:
            self.assertLessEqual(set(use.get("requires", [])), names, job)

    def test_parameters_are_given_and_known(self):
        for job, use in self.uses:
            wanted = self.jobs[job].get("parameters", {})
            given = set(use.get("matrix", {}).get("parameters", {})) | (set(use) & set(wanted))
            self.assertEqual(given, {name for name, parameter in wanted.items() if "default" not in parameter}, job)

    def test_executors_exist(self):
        for name, job in self.jobs.items():
            executor = job["executor"]
            found = re.fullmatch(r"<< parameters\.(\w+) >>", executor)
            named = [executor]
            if found:
                named = [value for use, settings in self.uses if use == name for value in settings["matrix"]["parameters"][found[1]]]
            self.assertLessEqual(set(named), set(self.configuration["executors"]), name)

    def test_the_compiler_is_the_same_in_ci_and_images(self):
        (image,) = [docker["image"] for docker in self.configuration["executors"]["rust"]["docker"]]
        version = re.fullmatch(r"rust:(\d+\.\d+\.\d+)-bookworm", image)[1]
        # Otherwise, rustup would follow rust-toolchain.toml and download the latest one.
        self.assertEqual(self.configuration["executors"]["rust"]["environment"], {"RUSTUP_TOOLCHAIN": version})
        self.assertIn(f"FROM {image} AS ", (ROOT / "docker/base/Dockerfile").read_text())

    def test_nothing_is_published_before_every_other_job_is_done(self):
        (use,) = [use for name, use in self.uses if name == "manifest"]
        others = {job for job, _ in self.uses} - {"manifest", "image"}
        self.assertEqual(set(use["requires"]), others | {"images"})

    def test_every_collection_is_built_and_joined(self):
        for job in ("image", "manifest"):
            (use,) = [use for name, use in self.uses if name == job]
            self.assertEqual(sorted(use["matrix"]["parameters"]["image"]), sorted(["cumulus-base", *COLLECTIONS]))

    def test_native_machines_for_each_architecture(self):
        executors = self.configuration["executors"]
        self.assertTrue(executors["arm64"]["resource_class"].startswith("arm."))
        self.assertNotIn("qemu", str(self.configuration))

    def test_every_job_runs_for_version_tags(self):
        for job, use in self.uses:
            self.assertEqual(use["filters"]["tags"], {"only": "/^v.*/"}, job)

    def test_branches_that_join_are_those_that_publish(self):
        (use,) = [use for name, use in self.uses if name == "manifest"]
        self.assertEqual({branch: tags(branch, "") for branch in use["filters"]["branches"]["only"]},
                         {"develop": ["develop"], "master": ["latest"], "main": ["latest"]})

    def test_steps_are_scripts_and_verbs_that_exist(self):
        dispatcher = (ROOT / "scripts/images").read_text()
        for name, job in self.jobs.items():
            for step in job["steps"]:
                if step == "checkout":
                    continue
                command = step["run"]["command"] if isinstance(step["run"], dict) else step["run"]
                if command.startswith("rustup component add "):
                    continue
                script, *arguments = command.split()
                self.assertTrue(os.access(ROOT / script, os.X_OK), command)
                if script == "scripts/images":
                    self.assertRegex(dispatcher, rf"(?m)^    {arguments[0]}\) ", command)


class Compose(unittest.TestCase):
    def test_services(self):
        services = load("compose.yaml")["services"]
        self.assertEqual({"build", "bash", "test", *COLLECTIONS}, set(services))
        for name in COLLECTIONS:
            self.assertEqual(services[name]["image"], f"${{REGISTRY:-}}{name}:${{TAG:-latest}}")
            self.assertEqual(services[name]["build"]["dockerfile"], f"docker/{name}/Dockerfile")
        # The default services of `docker compose build` and `docker compose push`.
        self.assertEqual([name for name, service in services.items() if "profiles" not in service], ["build"])

    def test_samples(self):
        """scripts/collections cannot be read inside the image, so the command of `test` contains the folders."""
        script = load("compose.yaml")["services"]["test"]["command"][0]
        self.assertEqual(dict(re.findall(r"(?m)^ *([\w-]+)\) samples=(\S+) ;;$", script)), COLLECTIONS)


class Collections(unittest.TestCase):
    def test_list_is_what_cargo_knows(self):
        run = subprocess.run(["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"],
                             cwd=ROOT, check=True, capture_output=True, text=True)
        packages = {package["name"]: (package["metadata"] or {}).get("collection") for package in json.loads(run.stdout)["packages"]}
        self.assertEqual({name: found["samples"] for name, found in packages.items() if found}, COLLECTIONS)

    def test_everything_of_a_collection_is_there(self):
        self.assertEqual(len(set(COLLECTIONS.values())), len(COLLECTIONS), "samples of two collections in one folder")
        for name, samples in COLLECTIONS.items():
            self.assertRegex(samples, r"^data/[\w/-]+$", name)
            for path in (f"{samples}/input", f"{samples}/output", f"docs/collections/{name}.md", f"docker/{name}/Dockerfile"):
                self.assertTrue((ROOT / path).exists(), f"{path} of the collection {name}")

    def test_nothing_is_there_of_a_collection_that_is_none(self):
        images = {path.parent.name for path in ROOT.glob("docker/*/Dockerfile")}
        self.assertEqual(images, {"base", *COLLECTIONS})
        self.assertEqual({path.stem for path in (ROOT / "docs/collections").glob("*.md")}, set(COLLECTIONS))

    def test_an_unknown_name_is_an_error(self):
        for name in ("hs3", "hs3.cpl", ""):
            run = subprocess.run([ROOT / "scripts/collections", "samples", name], capture_output=True, check=False)
            self.assertEqual((run.returncode, run.stdout), (2, b""), name)


class Dockerfiles(unittest.TestCase):
    def test_collections_differ_in_their_name_alone(self):
        texts = {(ROOT / f"docker/{name}/Dockerfile").read_text().replace(name, "NAME") for name in COLLECTIONS}
        self.assertEqual(len(texts), 1)
        for name in COLLECTIONS:
            self.assertTrue((ROOT / f"crates/{name}/src/main.rs").exists())

    def test_no_secret_no_certificate_no_host(self):
        for path in [*ROOT.glob("docker/*/Dockerfile"), ROOT / ".dockerignore"]:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                self.assertNotRegex(
                    line, r"(?i)https?://|\.crt\b|BEGIN |proxy|add-host|(arg|env).*(token|password|secret|key)|\b\d+\.\d+\.\d+\.\d+\b|\.(com|org|io|local|internal)\b",
                    f"{path}:{number}") if "org.opencontainers" not in line else None

    def test_every_copied_thing_reaches_the_builder(self):
        allowed = (ROOT / ".dockerignore").read_text().split("\n")
        self.assertIn("*", allowed)
        for name in ("Cargo.toml", "Cargo.lock", "LICENSE", "crates"):
            self.assertIn(f"!{name}", allowed)

    def test_what_is_downloaded_is_pinned(self):
        base = (ROOT / "docker/base/Dockerfile").read_text()
        self.assertRegex(base, r"cmake==\d+\.\d+\.\d+\b")
        self.assertRegex(base, r"cargo install cargo-auditable --version \d+\.\d+\.\d+ --locked")


if __name__ == "__main__":
    unittest.main()
