/* SPDX-License-Identifier: GPL-3.0-or-later
 * Loads a library that holds test_sequence.c and runs it: test_loader LIBRARY. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *const library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) {
        printf("%s\n", argc == 2 ? dlerror() : "test_loader LIBRARY");
        return 2;
    }
    int (*run)(const char **) = NULL;
    *(void **)&run = dlsym(library, "run_sequence");
    const char *wrong = "";
    const int failed = run ? run(&wrong) : 2;
    printf("%s\n", failed ? wrong : "right");
    return failed;
}
