"""What install puts into a prefix works from there: program, library, packages, example."""

import os
import re
import shutil
import subprocess
import unittest

from program import HAS_HDF5, SMALL, ProgramTest

BUILD = os.environ["PINION_BUILD"]

CONSUMER = """
#include <pinion.h>
#include <stdio.h>

int main(void)
{
    pn_dataset *data;
    const size_t shape[] = {4, 4};
    if (pn_dataset_synthetic(20, 2, shape, 10, 1, &data) != PN_OK) {
        return 1;
    }
    printf("%s %zu\\n", pn_version(), pn_dataset_count(data));
    pn_dataset_free(data);
    return 0;
}
"""

LOADING_CONSUMER = """
#include <pinion.h>

int main(void)
{
    pn_model *model;
    const pn_status status = pn_model_load("m.h5", &model);
    pn_model_free(model);
    return (int)status;
}
"""

CMAKE_CONSUMER = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(pinion 0.1 REQUIRED CONFIG)
add_executable(shared consumer.c)
target_link_libraries(shared PRIVATE pinion::pinion)
add_executable(static consumer.c)
target_link_libraries(static PRIVATE pinion::pinion_static)
"""


CMAKE_CPP_CONSUMER = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(pinion 0.1 REQUIRED CONFIG COMPONENTS static)
add_executable(static consumer.cc)
target_link_libraries(static PRIVATE pinion::pinion_static)
"""

# Of no language is OpenMP to be had.
CMAKE_LANGUAGELESS_CONSUMER = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES NONE)
set(CMAKE_SIZEOF_VOID_P 8)
find_package(pinion 0.1 REQUIRED CONFIG COMPONENTS static)
"""


class Install(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.prefix = os.path.join(BUILD, "install-test")
        shutil.rmtree(cls.prefix, ignore_errors=True)
        install = ["cmake", "--install", BUILD, "--prefix", cls.prefix]
        result = subprocess.run(install, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        cls.libraries = os.path.dirname(cls.find("libpinion.so"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.prefix)

    @classmethod
    def find(cls, name):
        for folder, _, files in os.walk(cls.prefix):
            if name in files:
                return os.path.join(folder, name)
        raise AssertionError(f"{name} was not installed")

    def command(self, *words, **changes):
        env = {
            **os.environ,
            "PKG_CONFIG_PATH": os.path.join(self.libraries, "pkgconfig"),
            "LD_LIBRARY_PATH": self.libraries,
            **changes,
        }
        result = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, f"{words}: {result.stdout}{result.stderr}")
        return result.stdout

    def compile(self, compiler, source, *flags):
        """Compiles `source` with the flags that pkg-config gives."""
        config = self.command("pkg-config", "--cflags", "--libs", *flags, "pinion").split()
        self.command(compiler, "-Wall", "-Wextra", "-Werror", source, "-o", "program", *config)
        return self.path("program")

    def test_program_and_its_helper(self):
        program = os.path.join(self.prefix, "bin", "pinion")
        self.command(program, "train", *SMALL, *(["--save", "m.hdf5"] if HAS_HDF5 else []))
        if HAS_HDF5:
            self.assertIn("dense", self.command(program, "summary", "m.hdf5"))

    def test_only_one_header(self):
        headers = [f for _, _, files in os.walk(self.prefix) for f in files if f.endswith(".h")]
        self.assertEqual(headers, ["pinion.h"])

    def test_shared_library_exports_the_interface_alone(self):
        library = os.path.join(self.libraries, "libpinion.so")
        symbols = self.command("nm", "-D", "--defined-only", library).split("\n")
        names = {line.split()[-1] for line in symbols if line}
        with open(self.find("pinion.h")) as file:
            declared = set(re.findall(r"PN_API[^;]*?\b(pn_\w+)\(", file.read()))
        # The table by which pinion-bench ab measures one build against another.
        self.assertEqual(names, declared | {"pinion_bench_abi_1"})

    def test_pkg_config_shared(self):
        self.write("consumer.c", CONSUMER)
        self.assertRegex(self.command(self.compile("cc", "consumer.c")), r"^\d+\.\d+\.\d+ 20\n$")

    def test_pkg_config_static(self):
        if subprocess.run(["pkg-config", "--exists", "libudev"]).returncode != 0:
            self.skipTest("hwloc's static flags need libudev-dev")
        self.write("consumer.c", CONSUMER)
        os.mkdir(self.path("only"))
        os.symlink(self.find("libpinion.a"), self.path("only/libpinion.a"))
        config = self.command("pkg-config", "--cflags", "--libs", "--static", "pinion").split()
        self.command("cc", "consumer.c", "-o", "program", "-Lonly", "-Wl,-Bstatic", "-lpinion",
                     "-Wl,-Bdynamic", *config)
        self.assertIn(" 20\n", self.command(self.path("program"), LD_LIBRARY_PATH=""))

    @unittest.skipUnless(HAS_HDF5, "built with -DPINION_HDF5=OFF")
    def test_static_program_is_told_where_the_helper_is(self):
        """As README says: the prefix of the installation is not the one that was configured."""
        self.command(os.path.join(self.prefix, "bin", "pinion"), "train", *SMALL, "--save", "m.h5")
        self.write("consumer.c", LOADING_CONSUMER)
        self.write("CMakeLists.txt", CMAKE_CONSUMER)
        self.command("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.command("cmake", "--build", "build", "--target", "static")
        helper = os.path.join(self.prefix, "libexec", "pinion")
        self.command(self.path("build/static"), PINION_HELPER_DIR=helper)

    def test_cmake_package(self):
        self.write("consumer.c", CONSUMER)
        self.write("CMakeLists.txt", CMAKE_CONSUMER)
        self.command("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.command("cmake", "--build", "build")
        for program in ["shared", "static"]:
            with self.subTest(program=program):
                self.assertIn(" 20\n", self.command(self.path(f"build/{program}")))

    @unittest.skipUnless(shutil.which("c++"), "no C++ compiler")
    def test_cmake_package_in_cpp(self):
        self.write("consumer.cc", CONSUMER)
        self.write("CMakeLists.txt", CMAKE_CPP_CONSUMER)
        self.command("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.command("cmake", "--build", "build")
        self.assertIn(" 20\n", self.command(self.path("build/static")))

    def test_cmake_package_says_what_the_static_library_lacks(self):
        self.write("CMakeLists.txt", CMAKE_LANGUAGELESS_CONSUMER)
        configure = ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.prefix}"]
        result = subprocess.run(configure, cwd=self.folder, capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("it needs OpenMP of an enabled language", " ".join(result.stderr.split()))

    @unittest.skipUnless(shutil.which("c++"), "no C++ compiler")
    def test_header_in_cpp(self):
        self.write("consumer.cc", CONSUMER)
        self.assertIn(" 20\n", self.command(self.compile("c++", "consumer.cc")))

    def test_lesson_compiles_as_anyone_would(self):
        self.compile("cc", self.find("lesson.c"))

    def test_man_page_and_completion(self):
        self.assertTrue(self.find("pinion.1").endswith("man1/pinion.1"))
        script = os.path.join(self.prefix, "share/bash-completion/completions/pinion")
        with open(script) as file:
            self.assertEqual(file.read(), self.succeed("--completion").stdout)


if __name__ == "__main__":
    unittest.main()
