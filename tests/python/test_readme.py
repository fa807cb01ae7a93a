# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the README work as they stand there."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_python_examples_run():
    examples = code_blocks("python")
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})


def test_c_examples_run(tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    build = pathlib.Path(os.environ["OACONV_BUILD_DIR"])
    examples = code_blocks("c")
    assert examples
    for example in examples:
        (tmp_path / "example.c").write_text(example)
        library = build / "lib" / "core"
        subprocess.run(
            [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "example.c", "-o", "example",
             f"-I{ROOT / 'include'}", f"-L{library}", "-loaconv", f"-Wl,-rpath,{library}"],
            cwd=tmp_path, check=True)
        printed = subprocess.run(
            [tmp_path / "example"], check=True, capture_output=True, text=True).stdout
        assert printed.split() == "0.5 1.0 1.0 1.0 1.0 1.0 1.0 1.0 0.5 -4.0".split()


def test_linked_files_exist():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    local = [link for link in links if "://" not in link]
    assert local
    missing = [link for link in local if not (ROOT / link).exists()]
    assert not missing, f"README links to files that are not there: {missing}"
