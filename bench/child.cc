/* SPDX-License-Identifier: GPL-3.0-or-later
 * Work in a process of its own. */
#include "child.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace oac_bench
{

namespace
{

using teller = std::function<void(const std::string &)>;

void use_home(const std::string &home)
{
    for (const char *name :
         {"HOME", "GR_PREFS_PATH", "APPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"})
        setenv(name, home.c_str(), 1);
    unsetenv("VOLK_CONFIGPATH");
}

/* Does not return. Ends without destructors: other threads may still run. */
[[noreturn]] void be_child(const std::function<void(const teller &)> &work, FILE *pipe)
{
    int status = EXIT_SUCCESS;
    try {
        work([pipe](const std::string &line) { std::fprintf(pipe, "%s\n", line.c_str()); });
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, error.what());
        status = EXIT_FAILURE;
    }
    std::fflush(nullptr);
    _exit(status);
}

std::vector<std::string> read_lines(FILE *pipe)
{
    std::vector<std::string> lines;
    std::string line;
    for (int c; (c = std::fgetc(pipe)) != EOF;) {
        if (c != '\n') {
            line += char(c);
            continue;
        }
        lines.push_back(line);
        line.clear();
    }
    return lines;
}

std::string make_home()
{
    std::string home = std::filesystem::temp_directory_path() / "oaconv-bench-XXXXXX";
    if (!mkdtemp(home.data()))
        throw std::runtime_error("cannot make a folder " + home);
    return home;
}

} // namespace

std::vector<std::string> in_child(const std::function<void(const teller &)> &work)
{
    const std::string home = make_home();
    int ends[2];
    if (pipe(ends))
        throw std::runtime_error("cannot make a pipe");
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        use_home(home);
        be_child(work, fdopen(ends[1], "w"));
    }
    close(ends[1]);
    FILE *results = fdopen(ends[0], "r");
    const std::vector<std::string> lines = read_lines(results);
    std::fclose(results);
    int status = -1;
    if (child > 0)
        waitpid(child, &status, 0);
    std::filesystem::remove_all(home);
    if (status != 0)
        throw std::runtime_error("a measuring process failed");
    return lines;
}

} // namespace oac_bench
