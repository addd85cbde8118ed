"""Checks that the matrix detects differences: readers get files that are damaged on purpose, and must report it.

Run it with `python3 -m unittest` in this folder; readers are installed in $READERS_CACHE, or else in the cache of the
matrix.
"""

import copy
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

import changes
import changing
import installing
import judging
import roster
import verdicts

CACHE = installing.Cache(os.environ.get("READERS_CACHE") or installing.DEFAULT_CACHE)


def sample(what, path):
    """Creates a small file, or damages it."""
    subprocess.run([CACHE.environment("quick"), roster.CHILDREN / "sample.py", what, path], check=True)


class Readers(unittest.TestCase):
    """Every reader of the quick form, and one file in several states."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.sound = pathlib.Path(cls.folder.name) / "sound.nc"
        sample("make", cls.sound)
        cls.reference = verdicts.reference(CACHE, [str(cls.sound)])[str(cls.sound)]

    def rows(self, *states, readers=roster.QUICK):
        """Compares each reader's results on the file in several states with the sound file."""
        files = [self.in_state(state) for state in states]
        return [verdicts.judge(reader, CACHE, files, {str(file): self.reference for file in files}, False) for reader in readers]

    def in_state(self, state):
        path = self.sound.with_name(f"{state}.nc")
        if not path.exists():
            shutil.copy(self.sound, path)
            sample(state, path)
        return path

    def test_a_sound_file_agrees_in_every_reader_and_whatever_is_spoilt_differs(self):
        spoilt = {"value": "values", "text": ":units", "number": ":valid_range", "extra": ":extra", "missing": ":flags"}
        for row in self.rows("sound", *spoilt):
            with self.subTest(reader=row.name):
                self.assertEqual((row.verdict, row.passed, row.agreed), ("differs", False, 1), row.details)
                for line, (state, part) in zip(row.details, spoilt.items(), strict=True):
                    self.assertIn(f"{state}.nc: ", line)
                    self.assertIn(f" {part}:", line)

    def test_a_header_that_is_too_wide_kills_the_library_with_assertions_only(self):
        readers = [reader for reader in roster.QUICK if reader.name in ("netCDF4", "pyfive", "libhdf5 with assertions")]
        for row in self.rows("width", readers=readers):
            expected = "killed by SIGABRT" if row.name == "libhdf5 with assertions" else "agrees"
            self.assertEqual(row.verdict, expected, row.name)

    def test_after_a_crash_the_other_files_are_read(self):
        reader = next(reader for reader in roster.QUICK if reader.name == "libhdf5 with assertions")
        files = [self.in_state("width"), self.sound]
        row = verdicts.judge(reader, CACHE, files, {str(file): self.reference for file in files}, False)
        self.assertEqual((row.agreed, row.files, row.passed), (1, 2, False))

    def test_a_change_that_is_not_made_or_not_asked_for_fails(self):
        idle = changes.Change("changes nothing", lambda *_: [["true"]], changes.units_deleted)
        other = changes.Change("changes something else", changes.CHANGES[0].words, changes.nothing)
        with unittest.mock.patch.object(changes, "CHANGES", [idle, other]):
            rows = changing.changes_of("quick", CACHE, [self.sound], {str(self.sound): self.with_names()})
        for row, part in zip(rows, (":units", ":note"), strict=True):
            self.assertFalse(row.passed, row.name)
            self.assertTrue(any(f"profile {part}:" in line for line in row.details), row.details)

    def with_names(self):
        """The reference with everything that changes need, because the choice of the variable depends on it."""
        digest = copy.deepcopy(self.reference)
        digest["profile"]["attributes"]["long_name"] = ["text", "profile"]
        digest["profile"]["shape"] = [1000]
        return digest

    def test_the_command_answers_1_if_a_reader_fails(self):
        def answer(path):
            return subprocess.run([installing.HERE / "matrix", "quick", "--cache", CACHE.folder, "--only", "pyfive", "--against",
                                   self.sound.parent, path], stdout=subprocess.PIPE, text=True)
        sound, other = answer(self.sound), answer(self.namesake())
        self.assertEqual((sound.returncode, sound.stdout.splitlines()[-1]), (0, "2 readers passed, 0 failed, 0 skipped"))
        self.assertEqual((other.returncode, other.stdout.splitlines()[-1]), (1, "0 readers passed, 2 failed, 0 skipped"))

    def namesake(self):
        """A damaged file with the name of the sound one, in another folder."""
        path = self.sound.parent / "spoilt" / self.sound.name
        path.parent.mkdir()
        shutil.copy(self.sound, path)
        sample("value", path)
        return path


class Judging(unittest.TestCase):
    """Which differences count."""

    @staticmethod
    def file(attribute, **other):
        return {"x": {"type": "f4", "shape": [2], "sha256": "a", "size": 2, "dimensions": ["n"], "attributes": {"k": attribute}, **other}}

    def differs(self, one, other):
        return [difference.part for difference in judging.compare(one, other).differences]

    def test_bits_and_types_of_numbers_count(self):
        self.assertEqual(self.differs(self.file(["f4", "00000080"]), self.file(["f4", "00000000"])), [":k"])
        self.assertEqual(self.differs(self.file(["i4", "01000000"]), self.file(["i2", "0100"])), [":k"])

    def test_a_reader_without_types_must_have_the_same_numbers(self):
        tenth = self.file(["f4", "cdcccc3d"])
        self.assertEqual(self.differs(tenth, self.file(["number", "000000a09999b93f"])), [])
        self.assertEqual(self.differs(tenth, self.file(["number", "9a9999999999b93f"])), [":k"])

    def test_what_a_reader_cannot_say_is_not_compared(self):
        comparison = judging.compare(self.file(["text", "a"]), self.file(["text", "a"], sha256=None, dimensions=None))
        self.assertEqual((comparison.differences, comparison.values), ([], 0))

    def test_type_shape_dimensions_and_objects_count(self):
        sound = self.file(["text", "a"])
        for part, value in (("type", "f8"), ("shape", [1]), ("dimensions", ["m"])):
            self.assertEqual(self.differs(sound, self.file(["text", "a"], **{part: value})), [part])
        self.assertEqual(self.differs(sound, {}), ["object"])
        self.assertEqual(self.differs({}, sound), ["object"])


if __name__ == "__main__":
    unittest.main()
