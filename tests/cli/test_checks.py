#!/usr/bin/env python3
"""The project's own checks find what they are there to find. Run by meson with the source root."""
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(script, *arguments):
    result = subprocess.run([sys.executable, ROOT / "scripts" / script, *map(str, arguments)],
                            capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


class Tree(unittest.TestCase):
    """A small tree in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("src/base/memory.h", "")
        self.write("include/azimuth/status.h", "")
        self.write("include/azimuth/model.h", '#include "azimuth/status.h"\n')
        self.write("src/lab/model.c", '#include "base/memory.h"\n#include "azimuth/model.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Layers(Tree):
    def expect(self, name, text, message):
        self.write(name, text)
        code, output = run("check_layers.py", self.root)
        self.assertEqual(code, 1, output)
        self.assertIn(message, output)

    def test_a_tree_in_order_passes(self):
        code, output = run("check_layers.py", self.root)
        self.assertEqual(code, 0, output)

    def test_an_include_from_above_is_found(self):
        self.write("src/lens/motion.h", "")
        self.expect("src/lab/trainer.c", '\n#include "lens/motion.h"\n', "src/lab/trainer.c:2: lab")

    def test_a_public_header_has_a_layer_too(self):
        self.expect("src/text/corpus.c", '#include "azimuth/model.h"\n', "belongs to lab, above it")
        self.expect("include/azimuth/status.h", '# include "azimuth/model.h"\n', "status.h:1: base")

    def test_a_header_without_a_layer_is_found(self):
        self.expect("include/azimuth/comet.h", "", "comet.h: belongs to no layer")

    def test_a_file_in_an_unknown_folder_is_found(self):
        self.expect("src/util/misc.c", "", "src/util/misc.c: belongs to no layer")

    def test_other_ways_to_write_an_include_are_found(self):
        self.expect("src/lab/a.c", '#include "model.h"\n', "should be written")
        self.expect("src/lab/a.c", '#include "../lens/x.h"\n', "should be written")
        self.expect("src/base/a.c", "#include <azimuth/model.h>\n", "quotation marks")


class Style(Tree):
    def test_a_long_file_and_a_long_line_are_found(self):
        self.write("src/base/long.c", "int az_x;\n" * 500)
        self.write("src/base/wide.c", "/* " + "x" * 98 + " */\n")
        code, output = run("check_style.py", self.root)
        self.assertEqual(code, 1, output)
        self.assertIn("long.c: 500 lines", output)
        self.assertIn("wide.c:1: 104 columns", output)

    def test_functions_are_measured(self):
        lines = ["int az_short(void) { return 1; }", "", "static int az_long(int a,", "    int b)",
                 "{", "    return a + b;", "}"]
        found = list(load("check_style").functions(lines))
        self.assertEqual(found, [("az_short", 1, 1), ("az_long", 5, 3)])


class Documents(Tree):
    def test_broken_links_and_unnamed_documents_are_found(self):
        self.write("README.md", "[a](docs/a.md#top) [b](https://example.org) ![c](docs/c.png)\n")
        self.write("docs/README.md", "[a](a.md)\n")
        self.write("docs/a.md", "```\n[x](nothing)\n```\n")
        self.write("docs/b.md", "")
        code, output = run("check_docs.py", self.root)
        self.assertEqual(code, 1)
        self.assertEqual(output.splitlines(), ["README.md:1: there is no docs/c.png",
                                               "docs/README.md: does not name b.md"])


class Symbols(Tree):
    def test_declarations_are_read_from_the_headers(self):
        self.write("include/azimuth/status.h", "#define AZ_API \\\n  x\n/* AZ_API int az_no(void); */\n"
                   "AZ_API enum az_status\naz_yes(int a);\nint az_internal(void);\n"
                   "AZ_API extern const int az_value;\n")
        self.assertEqual(load("check_symbols").declared(self.root),
                         {"az_yes": "status.h", "az_value": "status.h"})


class Counting(unittest.TestCase):
    def cases(self, result, stdout="", stderr=""):
        test = {"name": "unit x", "result": result, "stdout": stdout, "stderr": stderr}
        return tuple(len(part) for part in load("count_results").cases(test))

    def test_every_function_of_a_cmocka_program_counts(self):
        log = ("[ RUN      ] a\nseed 7[       OK ] a\n[ RUN      ] b\n[  SKIPPED ] b\n"
               "[ RUN      ] c\n[       OK ] c\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] b\n")
        self.assertEqual(self.cases("OK", log), (2, 0, 1))

    def test_a_failed_function_counts_as_one_failure(self):
        log = "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n"
        self.assertEqual(self.cases("FAIL", log, "[  FAILED  ] b\n"), (1, 1, 0))

    def test_a_crash_counts_as_a_failure(self):
        self.assertEqual(self.cases("FAIL", "[ RUN      ] a\n"), (0, 1, 0))
        self.assertEqual(self.cases("FAIL", "[ RUN      ] a\n[       OK ] a\n"), (1, 1, 0))
        self.assertEqual(self.cases("UNEXPECTEDPASS", "[ RUN      ] a\n[       OK ] a\n"), (1, 1, 0))
        self.assertEqual(self.cases("TIMEOUT"), (0, 1, 0))
        self.assertEqual(self.cases("ERROR"), (0, 1, 0))

    def test_a_program_that_is_meant_to_fail_counts_once(self):
        log = "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n[  FAILED  ] b\n"
        self.assertEqual(self.cases("EXPECTEDFAIL", log), (1, 0, 0))

    def test_what_a_passing_function_prints_does_not_hide_it(self):
        log = "[ RUN      ] a\nodd [       OK ] a, and more\n"
        self.assertEqual(self.cases("OK", log), (1, 0, 0))

    def test_a_skip_is_not_a_pass(self):
        self.assertEqual(self.cases("SKIP", "no ../shared/data here"), (0, 0, 1))

    def test_the_log_of_meson_is_read(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as log:
            for result in ("OK", "FAIL", "SKIP", "OK"):
                log.write(json.dumps({"name": "end to end", "result": result}) + "\n")
            log.flush()
            code, output = run("count_results.py", "gcc", log.name)
        self.assertEqual(code, 0, output)
        self.assertEqual(output.splitlines()[-1], "2 1 1")
        self.assertIn("failed gcc: end to end (FAIL)", output)


if __name__ == "__main__":
    unittest.main()
