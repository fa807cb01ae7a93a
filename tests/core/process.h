/* SPDX-License-Identifier: GPL-3.0-or-later
 * Programs run in an environment of their own, and a folder that goes away. */
#ifndef OAC_TEST_PROCESS_H
#define OAC_TEST_PROCESS_H

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace oac_test
{

/* An empty folder of its own, removed with all that is in it. */
class Folder
{
public:
    Folder();
    ~Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;

    const std::filesystem::path &path() const { return d_path; }
    /* Everything below it but folders, sorted. */
    std::vector<std::filesystem::path> files() const;

private:
    std::filesystem::path d_path;
};

std::string read_file(const std::filesystem::path &path);
void write_file(const std::filesystem::path &path, const std::string &text);

/* What a program left behind: whether it ended with 0, and the lines that it wrote. */
struct Outcome {
    bool good;
    std::vector<std::string> out, err;
};

/* Runs a program with these environment variables, and none of the library's own, HOME or
 * XDG_CACHE_HOME besides. */
Outcome run(const std::string &program, const std::map<std::string, std::string> &environment);

} // namespace oac_test

#endif
