/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows in memory as the library takes them: floats or doubles. */
#ifndef OAC_TEST_BUFFERS_H
#define OAC_TEST_BUFFERS_H

#include "signals.h"

namespace oac_test
{

/* Samples, of exactly the bytes they need. */
class Buffers
{
public:
    /* Numbers that the precision cannot hold are rounded to it. */
    Buffers(oaconv_precision precision, const Rows &rows);

    /* Element i of row m. */
    void *at(size_t m, size_t i = 0) { return d_bytes[m].data() + i * d_size; }
    const void *at(size_t m, size_t i = 0) const { return d_bytes[m].data() + i * d_size; }
    void set(size_t m, size_t i, double value);
    void fill(double value);

    /* All rows from an element on. */
    std::vector<void *> pointers(size_t i = 0);

    Rows rows() const;
    bool operator==(const Buffers &other) const { return d_bytes == other.d_bytes; }

private:
    size_t d_size; /* bytes of an element */
    std::vector<std::vector<char>> d_bytes;
};

/* Rows of taps. At the end they are overwritten, so that one who still reads them shows. */
class TapRows
{
public:
    TapRows(Type type, const Rows &taps);
    ~TapRows() { d_taps.fill(99); }
    TapRows(const TapRows &) = delete;
    TapRows &operator=(const TapRows &) = delete;

    const oaconv_row *data() const { return d_rows.data(); }
    size_t size() const { return d_rows.size(); }

private:
    Buffers d_taps;
    std::vector<oaconv_row> d_rows;
};

} // namespace oac_test

#endif
