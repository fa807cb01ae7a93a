/* SPDX-License-Identifier: GPL-3.0-or-later
 * Just enough JSON to write results down. */
#include "json.h"

#include <fstream>
#include <stdexcept>

namespace oac_bench
{

std::string json_array(const std::vector<std::string> &lines)
{
    std::string text;
    for (const std::string &line : lines)
        text += (text.empty() ? "\n    " : ",\n    ") + line;
    return "[" + text + "\n  ]";
}

std::string json_numbers(const std::vector<double> &values)
{
    std::string text;
    for (const double value : values) {
        char number[32];
        std::snprintf(number, sizeof number, "%s%.4g", text.empty() ? "" : ", ", value);
        text += number;
    }
    return "[" + text + "]";
}

void write_document(const std::string &path,
                    const std::vector<std::pair<std::string, std::string>> &members)
{
    std::ofstream file(path);
    const char *separator = "{\n";
    for (const auto &[key, json] : members) {
        file << separator << "  \"" << key << "\": " << json;
        separator = ",\n";
    }
    file << "\n}\n";
    if (!file.flush())
        throw std::runtime_error("cannot write " + path);
}

} // namespace oac_bench
