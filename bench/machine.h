/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where and with what the numbers were taken. */
#ifndef OAC_BENCH_MACHINE_H
#define OAC_BENCH_MACHINE_H

#include "json.h"

namespace oac_bench
{

/* Processor, system and versions. Starts no thread and plans nothing: safe before fork(). */
json_object describe_machine();

/* As in "2026-01-31T12:00:00Z". */
std::string date();

/* Processes that run or want to, averaged over a minute. */
double load();

} // namespace oac_bench

#endif
