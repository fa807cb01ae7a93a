/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is known to have finished what: clocks of streams, and the last uses of a thing by each. */
#ifndef FAKECUDA_HISTORY_H
#define FAKECUDA_HISTORY_H

#include <map>

namespace fakecuda
{

/* For each stream, by its number, up to which of its operations something is known to be complete.
 * Operations of a stream count from 1. */
class Clock
{
public:
    void learn(int stream, long operation);
    void learn(const Clock &other);
    bool knows(int stream, long operation) const;

private:
    std::map<int, long> d_last;
};

/* The last operation of every stream that read, and that wrote, one buffer, plan or work area. */
class History
{
public:
    /* Notes a use by an operation that comes after all that `before` and `host` know. Returns
     * whether every earlier use that it must not meet is among that. */
    bool use(int stream, long operation, bool write, const Clock &before, const Clock &host);

    /* What the host does not know to be over yet. */
    bool may_be_read(const Clock &host) const;
    bool may_be_written(const Clock &host) const;

private:
    struct Last {
        long read = 0, write = 0;
    };
    std::map<int, Last> d_last; /* by stream */
};

} // namespace fakecuda

#endif
