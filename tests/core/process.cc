/* SPDX-License-Identifier: GPL-3.0-or-later
 * Programs run in an environment of their own, and a folder that goes away. */
#include "process.h"

#include "signals.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace oac_test
{

Folder::Folder()
{
    std::string name = fs::temp_directory_path() / "oaconv-test-XXXXXX";
    if (!mkdtemp(name.data()))
        throw std::runtime_error("no folder could be made: " + name);
    d_path = name;
}

Folder::~Folder()
{
    std::error_code ignored;
    fs::remove_all(d_path, ignored);
}

std::vector<fs::path> Folder::files() const
{
    std::vector<fs::path> list;
    for (const fs::directory_entry &entry : fs::recursive_directory_iterator(d_path))
        if (!entry.is_directory())
            list.push_back(entry.path());
    std::sort(list.begin(), list.end());
    return list;
}

std::string read_file(const fs::path &path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void write_file(const fs::path &path, const std::string &text)
{
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file)
        throw std::runtime_error("cannot write " + path.string());
}

static std::vector<std::string> lines_of(const fs::path &path)
{
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

Outcome run(const std::string &program, const std::map<std::string, std::string> &environment)
{
    const Folder results;
    const fs::path out = results.path() / "out", err = results.path() / "err";
    std::string command = "env -u OACONV_COST_TABLE -u OACONV_SIMD -u HOME -u XDG_CACHE_HOME";
    for (const auto &[name, value] : environment)
        command += say(" '", name, "=", value, "'");
    command += say(" '", program, "' >", out.string(), " 2>", err.string());
    const bool good = std::system(command.c_str()) == 0;
    return {good, lines_of(out), lines_of(err)};
}

} // namespace oac_test
