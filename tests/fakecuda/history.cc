/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is known to have finished what: clocks of streams, and the last uses of a thing by each. */
#include "history.h"

#include <algorithm>

namespace fakecuda
{

void Clock::learn(int stream, long operation)
{
    long &last = d_last[stream];
    last = std::max(last, operation);
}

void Clock::learn(const Clock &other)
{
    for (const auto &[stream, operation] : other.d_last)
        learn(stream, operation);
}

bool Clock::knows(int stream, long operation) const
{
    if (operation == 0)
        return true;
    const auto found = d_last.find(stream);
    return found != d_last.end() && found->second >= operation;
}

bool History::use(int stream, long operation, bool write, const Clock &before, const Clock &host)
{
    bool ordered = true;
    for (const auto &[other, last] : d_last) {
        const long conflict = write ? std::max(last.read, last.write) : last.write;
        ordered = ordered &&
                  (other == stream || before.knows(other, conflict) || host.knows(other, conflict));
    }
    Last &mine = d_last[stream];
    (write ? mine.write : mine.read) = operation;
    return ordered;
}

bool History::may_be_read(const Clock &host) const
{
    return std::any_of(d_last.begin(), d_last.end(), [&](const auto &entry) {
        return !host.knows(entry.first, entry.second.read);
    });
}

bool History::may_be_written(const Clock &host) const
{
    return std::any_of(d_last.begin(), d_last.end(), [&](const auto &entry) {
        return !host.knows(entry.first, entry.second.write);
    });
}

} // namespace fakecuda
