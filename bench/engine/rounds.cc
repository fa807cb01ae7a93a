/* SPDX-License-Identifier: GPL-3.0-or-later
 * Timing of implementations in turn. */
#include "rounds.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

namespace oac_bench
{

namespace
{

constexpr int n_glances = 2;
constexpr int n_attempts = 4;
constexpr double undisturbed = 0.95; /* core share */
constexpr double glance = 0.004; /* seconds, to compare sizes and to know how long a run takes */

double seconds_of(clockid_t clock)
{
    timespec now;
    clock_gettime(clock, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

struct timing {
    double seconds;    /* of the wall clock */
    double core_share; /* of that time, how much the processor worked for us */
};

timing time_runs(implementation &who, const signals &data, int n_runs)
{
    const double cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID), begin = seconds_of(CLOCK_MONOTONIC);
    for (int i = 0; i < n_runs; i++)
        who.run(data);
    const double seconds = seconds_of(CLOCK_MONOTONIC) - begin;
    return {seconds, (seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu) / seconds};
}

/* Seconds of one run, the least of as many as fit into a glance, at least two. */
double run_seconds(implementation &who, const signals &data)
{
    double least = INFINITY, all = 0;
    for (int i = 0; i < 2 || all < glance; i++) {
        const double seconds = time_runs(who, data, 1).seconds;
        least = std::min(least, seconds);
        all += seconds;
    }
    return least;
}

/* Seconds for one sample of every channel. */
double sample_seconds(const setting &chosen, const factory &who, std::size_t size)
{
    const auto filter = who.make(chosen, random_taps(chosen), size);
    const signals data(chosen, filter->n_samples());
    return run_seconds(*filter, data) / double(filter->n_samples());
}

/* An implementation at work. */
struct entrant {
    const job *what;
    std::unique_ptr<implementation> filter; /* null: skipped */
    std::string why_skipped;
    int n_runs = 0; /* of one timing */
    double error_of_bound = 0;
    std::vector<double> megasamples_per_second, core_share;
};

entrant enter(const job &what)
{
    entrant result;
    result.what = &what;
    try {
        const factory::sizes sizes = what.who.list_sizes(what.chosen);
        const bool listed = std::find(sizes.begin(), sizes.end(), what.size) != sizes.end();
        const std::size_t size = listed ? what.size : sizes.at(0);
        result.filter = what.who.make(what.chosen, random_taps(what.chosen), size);
    } catch (const skipped &reason) {
        result.why_skipped = reason.what();
    }
    return result;
}

/* Runs until the first sample of the first run has left all filters; then what comes out depends
 * only on the samples that come again and again. */
void verify(entrant &who, const signals &data)
{
    const tap_rows taps = random_taps(who.what->chosen);
    const std::size_t n = who.filter->n_samples();
    for (std::size_t i = 0; i * n < who.what->chosen.n_taps; i++)
        who.filter->run(data);
    data.spoil_outputs(n);
    who.filter->run(data);
    who.error_of_bound = who.filter->check(data, taps);
}

std::string name_of(const job &what)
{
    return what.who.name + ", M = " + std::to_string(what.chosen.n_channels) +
           ", P = " + std::to_string(what.chosen.n_taps);
}

/* Another process may want the core too; then once more, and the least disturbed of all counts. */
timing time_undisturbed(entrant &who, const signals &data)
{
    timing best = {0, -1};
    for (int i = 0; i < n_attempts && best.core_share < undisturbed; i++) {
        if (who.n_runs > 1)
            who.filter->run(data); /* caches */
        const timing taken = time_runs(*who.filter, data, who.n_runs);
        if (taken.core_share > best.core_share)
            best = taken;
    }
    return best;
}

void time_once(entrant &who, const signals &data)
{
    const timing taken = time_undisturbed(who, data);
    const std::size_t n_samples = who.filter->n_samples() * data.n_channels();
    who.megasamples_per_second.push_back(1e-6 * double(n_samples) * who.n_runs / taken.seconds);
    who.core_share.push_back(taken.core_share);
}

json_object result_of(const entrant &who)
{
    const setting &chosen = who.what->chosen;
    json_object result;
    result.add("implementation", who.what->who.name)
        .add("type", chosen.type == OAC_REAL ? "real" : "complex")
        .add("channels", chosen.n_channels)
        .add("taps", chosen.n_taps)
        .add("given_hop", chosen.hop);
    if (!who.filter)
        return result.add("skipped", who.why_skipped);
    who.filter->describe(result);
    return result.add("samples", who.filter->n_samples())
        .add("error_of_bound", who.error_of_bound)
        .member("megasamples_per_second", json_numbers(who.megasamples_per_second))
        .member("core_share", json_numbers(who.core_share));
}

std::size_t longest(const std::vector<entrant> &entrants)
{
    std::size_t n = 1;
    for (const entrant &who : entrants)
        if (who.filter)
            n = std::max(n, who.filter->n_samples());
    return n;
}

/* Verified, and its speed known. */
void prepare(entrant &who, const signals &data, double seconds)
{
    try {
        verify(who, data);
    } catch (const std::runtime_error &error) {
        throw std::runtime_error(name_of(*who.what) + ": " + error.what());
    }
    who.n_runs = int(std::ceil(seconds / run_seconds(*who.filter, data)));
}

} // namespace

std::size_t fastest_size(const setting &chosen, const factory &who)
{
    try {
        const factory::sizes sizes = who.list_sizes(chosen);
        std::vector<double> seconds(sizes.size(), INFINITY);
        for (int round = 0; round < n_glances && sizes.size() > 1; round++)
            for (std::size_t i = 0; i < sizes.size(); i++)
                seconds[i] = std::min(seconds[i], sample_seconds(chosen, who, sizes[i]));
        return sizes[std::size_t(std::min_element(seconds.begin(), seconds.end()) -
                                 seconds.begin())];
    } catch (const skipped &) {
        return 0;
    }
}

std::vector<json_object> run_rounds(const std::vector<job> &jobs, const budget &spent)
{
    std::vector<entrant> entrants;
    for (const job &what : jobs)
        entrants.push_back(enter(what));
    const signals data(jobs.at(0).chosen, longest(entrants));
    std::vector<entrant *> turn;
    for (entrant &who : entrants)
        if (who.filter) {
            prepare(who, data, spent.seconds);
            turn.push_back(&who);
        }
    for (int round = 0; round < spent.n_rounds; round++) {
        for (entrant *who : turn)
            time_once(*who, data);
        std::reverse(turn.begin(), turn.end());
    }
    std::vector<json_object> results;
    for (const entrant &who : entrants)
        results.push_back(result_of(who));
    return results;
}

} // namespace oac_bench
