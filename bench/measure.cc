/* SPDX-License-Identifier: GPL-3.0-or-later
 * One measurement of one running graph. */
#include "measure.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace oac_bench
{

namespace
{

using steady = std::chrono::steady_clock;
constexpr double patience = 20; /* seconds for a graph to come to speed */

double seconds_since(steady::time_point begin)
{
    return std::chrono::duration<double>(steady::now() - begin).count();
}

void sleep_for(double seconds)
{
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/* Seconds of all processors, of all threads of this process. */
double own_processor_time()
{
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

/* Seconds of all processors, of all processes and of other virtual machines; in ticks of 10 ms. */
double all_processor_time()
{
    std::ifstream file("/proc/stat");
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, stolen = 0;
    file >> name >> user >> nice >> system >> idle >> waiting >> irq >> softirq >> stolen;
    return (user + nice + system + irq + softirq + stolen) / double(sysconf(_SC_CLK_TCK));
}

/* Wall-clock and processor time since it was made. */
struct stopwatch {
    const steady::time_point begin = steady::now();
    const double own = own_processor_time(), all = all_processor_time();

    double seconds() const { return seconds_since(begin); }

    /* Processors in use by us and, disturbing us, by others. */
    void report(json_object &result) const
    {
        const double wall = seconds(), ours = own_processor_time() - own;
        result.add("seconds", wall).add("processors", ours / wall);
        result.add("processors_of_others", (all_processor_time() - all - ours) / wall);
    }
};

/* All buffers have been filled with random samples, and touched, twice. */
bool warmed_up(const graph &run)
{
    for (int m = 0; m < run.measured().n_channels(); m++) {
        const uint64_t period = run.source(m).period();
        if (period == 0 || run.measured().n_done(m) < 2 * period)
            return false;
    }
    return true;
}

void warm_up(const graph &run, double settle)
{
    const auto begin = steady::now();
    do {
        sleep_for(0.01);
        if (seconds_since(begin) > patience)
            throw std::runtime_error("a graph does not move");
    } while (!warmed_up(run));
    sleep_for(settle);
}

/* Medians and the like: quantile 0 .. 1 of values, which must not be empty; sorts them. */
double quantile(std::vector<double> &values, double which)
{
    std::sort(values.begin(), values.end());
    return values[std::size_t(which * double(values.size() - 1) + 0.5)];
}

/* Looks at all channels every millisecond. */
std::vector<double> sample(int n_channels, double seconds, const std::function<double(int)> &look)
{
    std::vector<double> seen;
    for (const auto begin = steady::now(); seconds_since(begin) < seconds;) {
        sleep_for(1e-3);
        for (int m = 0; m < n_channels; m++)
            seen.push_back(look(m));
    }
    return seen;
}

json_object describe(const variant &settings, const bank &measured)
{
    json_object result;
    result.add("variant", settings.name).add("channels", measured.n_channels());
    if (settings.what != kind::copy)
        result.add("hop", measured.hop())
            .add("fft_size", measured.fft_size())
            .add("decimation", measured.decimation());
    if (settings.what == kind::ours)
        result.add("backend", measured.backend())
            .add("max_batch", settings.max_batch)
            .add("threads_asked", settings.threads)
            .add("threads", measured.threads());
    return result;
}

} // namespace

json_object
throughput(const variant &settings, const rows &taps, const neighbours &around, durations time)
{
    graph run(settings, taps, around);
    run.start();
    warm_up(run, time.settle);

    const stopwatch watch;
    const uint64_t before = run.measured().n_done_in_all();
    sleep_for(time.measure);
    const double samples = double(run.measured().n_done_in_all() - before);
    const double speed = samples / watch.seconds();

    json_object result = describe(settings, run.measured());
    watch.report(result);
    return result.add("megasamples_per_second", speed / 1e6);
}

json_object live_wait(const variant &settings, const rows &taps, durations time)
{
    graph run(settings, taps, live());
    run.start();
    sleep_for(time.settle);
    json_object result = describe(settings, run.measured());
    const stopwatch watch;
    sleep_for(time.measure);
    watch.report(result);
    std::vector<double> waiting = sample(run.measured().n_channels(), time.measure, [&](int m) {
        const uint64_t out = run.measured().n_done(m); /* first: what waits is not less */
        return double(run.n_before(m) - out);
    });
    result.add("rate", live_rate).add("waiting_median", quantile(waiting, 0.5));
    return result.add("waiting_99_percent", quantile(waiting, 0.99));
}

json_object backlog(const variant &settings, const rows &taps, durations time)
{
    graph run(settings, taps, sink_paced());
    run.start();
    sleep_for(time.settle);
    const stopwatch watch;
    std::vector<double> waiting = sample(run.measured().n_channels(), time.measure, [&](int m) {
        const uint64_t out = run.n_after(m);
        return double(run.n_source(m) - out);
    });
    json_object result = describe(settings, run.measured());
    watch.report(result);
    result.add("rate", live_rate);
    result.add("backlog_median", quantile(waiting, 0.5));
    return result.add("backlog_most", quantile(waiting, 1));
}

} // namespace oac_bench
