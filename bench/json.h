/* SPDX-License-Identifier: GPL-3.0-or-later
 * Just enough JSON to write results down. */
#ifndef OAC_BENCH_JSON_H
#define OAC_BENCH_JSON_H

#include <cstdio>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace oac_bench
{

/* An object on one line, its members in the order they were added. */
class json_object
{
public:
    json_object &add(const std::string &key, const std::string &value)
    {
        return member(key, quoted(value));
    }
    json_object &add(const std::string &key, const char *value)
    {
        return add(key, std::string(value));
    }
    json_object &add(const std::string &key, double value)
    {
        char text[32];
        std::snprintf(text, sizeof text, "%.6g", value);
        return member(key, text);
    }
    template <class INTEGER, std::enable_if_t<std::is_integral_v<INTEGER>, int> = 0>
    json_object &add(const std::string &key, INTEGER value)
    {
        return member(key, std::to_string(value));
    }

    /* A member whose value is JSON already. */
    json_object &member(const std::string &key, const std::string &json)
    {
        d_members += (d_members.empty() ? "" : ", ") + quoted(key) + ": " + json;
        return *this;
    }

    std::string text() const { return "{" + d_members + "}"; }

private:
    static std::string quoted(const std::string &text)
    {
        std::string result = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\')
                result += '\\';
            result += (unsigned char)c < ' ' ? ' ' : c;
        }
        return result + '"';
    }

    std::string d_members;
};

/* Values that are JSON already, one on a line. */
std::string json_array(const std::vector<std::string> &lines);

/* Numbers on one line. */
std::string json_numbers(const std::vector<double> &values);

/* Writes an object of members whose values are JSON already. Throws std::runtime_error. */
void write_document(const std::string &path,
                    const std::vector<std::pair<std::string, std::string>> &members);

} // namespace oac_bench

#endif
