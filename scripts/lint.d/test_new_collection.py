"""Tests scripts/new-collection in a copy of the tree: its crate compiles without warnings, and invalid names are
rejected."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Always the same folder, so that cargo recompiles the crates of the copy only if they have changed.
COPY = ROOT / "target/new-collection"
NAME = "olympex-cpl"
DRAFTED = "cpex-hamsr"
SAMPLE = "data/epoch-hamsr/input/EPOCH_HAMSR_L2_realtime_20170824T1400_20170824T1500.nc"


def run(*words, **options):
    return subprocess.run([str(word) for word in words], cwd=COPY, capture_output=True, text=True, check=False, **options)


class NewCollection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(COPY, ignore_errors=True)
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                                capture_output=True, text=True)
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (COPY / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, COPY / name)
        cls.addClassCleanup(shutil.rmtree, COPY)
        cls.files = sorted(path for path in COPY.rglob("*"))

    def test_1_bad_names_and_those_that_are_taken_are_refused(self):
        for name, reason in {
            "Olympex-cpl": "no name", "olympex_cpl": "no name", "olympex": "no name", "-cpl": "no name", "olympex-": "no name",
            "../olympex-cpl": "no name", "olympex-cpl; true": "no name", "o" * 40 + "-cpl": "no name", "1-cpl": "no name",
            "cumulus-cpl": "the workspace", "hs3-cpl": "already", "hdf5-walk": "already", "proc-macro2": "already",
        }.items():
            made = run("scripts/new-collection", "--no-build", "--", name)
            self.assertEqual((made.returncode, made.stdout), (2, ""), name)
            self.assertIn(reason, made.stderr, name)
        self.assertEqual(sorted(path for path in COPY.rglob("*")), self.files)

    def test_2_the_crate_compiles_without_a_warning_and_is_in_every_list(self):
        made = run("scripts/new-collection", "--no-build", NAME)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn(f"cargo test -p {NAME}", made.stdout)
        self.assertIn(f"{NAME} data/{NAME}\n", run("scripts/collections").stdout)
        for path in (path for path in (COPY / f"crates/{NAME}").rglob("*") if path.is_file()):
            self.assertNotRegex(path.name + path.read_text(), "(?i)new[-_]?collection", path)
        environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
        checked = run("cargo", "clippy", "--quiet", "--locked", "--offline", "--no-deps", "--package", NAME, "--all-targets", "--",
                      "--deny", "warnings", env=environment)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        formatted = run("cargo", "fmt", "--check", "--package", NAME)
        self.assertEqual(formatted.returncode, 0, formatted.stdout)
        (COPY / f"docs/collections/{NAME}.md").touch()
        listed = run(sys.executable, "-m", "unittest", "test_configuration",
                     env={**os.environ, "PYTHONPATH": str(COPY / "scripts/images.d")})
        self.assertEqual(listed.returncode, 0, listed.stderr)

    def test_3_a_draft_from_a_granule_compiles_and_keeps_the_contract(self):
        environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
        made = run("scripts/new-collection", "--no-build", DRAFTED, "--from", "README.md", env=environment)
        self.assertEqual((made.returncode, made.stdout), (2, ""), made.stderr)
        self.assertIn("no tables can be drafted from", made.stderr)
        self.assertFalse((COPY / f"crates/{DRAFTED}").exists())
        made = run("scripts/new-collection", "--no-build", DRAFTED, "--from", SAMPLE, env=environment)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("every comment with DECIDE", made.stdout)
        self.assertIn("// DECIDE", (COPY / f"crates/{DRAFTED}/src/lib.rs").read_text())
        self.assertTrue((COPY / f"data/{DRAFTED}/input" / pathlib.Path(SAMPLE).name).exists())
        checked = run("cargo", "clippy", "--quiet", "--locked", "--offline", "--no-deps", "--package", DRAFTED, "--all-targets", "--",
                      "--deny", "warnings", env=environment)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        tested = run("cargo", "test", "--quiet", "--locked", "--offline", "--package", DRAFTED, "the_tables_keep_the_contract",
                     env=environment)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        converted = run("cargo", "run", "--quiet", "--locked", "--offline", "--package", DRAFTED, "--", f"data/{DRAFTED}/input",
                        f"data/{DRAFTED}/output", env=environment)
        self.assertEqual(converted.returncode, 0, converted.stderr)

    def test_4_it_is_made_once(self):
        made = run("scripts/new-collection", "--no-build", NAME)
        self.assertEqual(made.returncode, 2)
        self.assertIn("already", made.stderr)


if __name__ == "__main__":
    unittest.main()
