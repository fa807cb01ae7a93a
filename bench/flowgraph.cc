/* SPDX-License-Identifier: GPL-3.0-or-later
 * Benchmark: our block in flowgraphs beside M stock filters and M blocks that only copy. Writes
 * every single round as JSON; flowgraph_report.py makes tables and a plot of it. */
#include "child.h"
#include "graph.h"
#include "json.h"
#include "machine.h"
#include "measure.h"
#include "verify.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <set>
#include <stdexcept>
#include <tuple>

using namespace oac_bench;

namespace
{

/* ---- what is measured ---- */

const variant ours = {"ours", kind::ours, 16384, 0};
const variant ours_large = {"ours max_batch=65536", kind::ours, 65536, 0};
const variant ours_small = {"ours max_batch=4096", kind::ours, 4096, 0};
const variant ours_alone = {"ours threads=1", kind::ours, 16384, 1};
const variant ours_large_alone = {"ours max_batch=65536 threads=1", kind::ours, 65536, 1};
const variant stock = {"fft_filter", kind::stock, 0, 0};
const variant copy = {"copy", kind::copy, 0, 0};

/* The same, and the stock filters, giving every n-th sample. */
variant decimating(variant settings, int n)
{
    if (n > 1)
        settings.name += " decimation=" + std::to_string(n);
    settings.decimation = n;
    return settings;
}

constexpr int live_channels = 8, live_taps = 256;

/* One measurement of a round. */
struct task {
    std::string measure, graph; /* of throughput: "bare", "copies", "demo" or "decimating" */
    int n_channels, n_taps;
    variant settings;
};

/* Implementations take turns: A B C, A B C ... A copy does not depend on P. */
void add_throughput(std::vector<task> &tasks, const std::string &graph, int n_channels)
{
    for (const int n_taps : {64, 1024}) {
        std::vector<variant> variants = {ours, stock, ours_large};
        if (n_taps == 64)
            variants.push_back(copy);
        if (graph == "bare" && (n_channels == 16 || n_channels == 64))
            variants.insert(variants.end(), {ours_alone, ours_large_alone});
        for (const variant &each : variants)
            tasks.push_back({"throughput", graph, n_channels, n_taps, each});
    }
}

std::vector<task> all_tasks()
{
    std::vector<task> tasks;
    for (const char *graph : {"bare", "copies", "demo"})
        for (const int n_channels : {1, 4, 16, 64, 256})
            add_throughput(tasks, graph, n_channels);
    for (const int n_taps : {64, 1024})
        for (const int decimation : {1, 2, 8})
            for (const variant &each : {ours, stock, ours_large})
                tasks.push_back(
                    {"throughput", "decimating", 16, n_taps, decimating(each, decimation)});
    for (const variant &each : {ours, stock, copy})
        tasks.push_back({"live", "live", live_channels, live_taps, each});
    for (const variant &each : {ours, stock, ours_small})
        tasks.push_back({"backlog", "sink-paced", live_channels, live_taps, each});
    return tasks;
}

/* ---- command line ---- */

struct options {
    int n_rounds = 7;
    durations throughput = {0.1, 0.3}, live = {0.5, 0.8}, backlog = {0.6, 0.7}; /* seconds */
    std::string out = "flowgraph.json", only;
};

[[noreturn]] void usage()
{
    std::fputs("usage: flowgraph [--quick] [--rounds N] [--only GRAPH] [--out FILE]\n"
               "GRAPH: bare, copies, demo, decimating, live, sink-paced\n",
               stderr);
    std::exit(2);
}

options parse(int argc, char **argv)
{
    options chosen;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        const auto value = [&] { return ++i < argc ? argv[i] : (usage(), ""); };
        if (argument == "--quick") {
            chosen.n_rounds = 3;
            chosen.throughput = {0.05, 0.15};
        } else if (argument == "--rounds") {
            chosen.n_rounds = std::atoi(value());
        } else if (argument == "--only") {
            chosen.only = value();
        } else if (argument == "--out") {
            chosen.out = value();
        } else {
            usage();
        }
    }
    return chosen.n_rounds > 0 ? chosen : (usage(), chosen);
}

/* ---- running ---- */

neighbours around(const std::string &graph)
{
    return graph == "copies" ? copies() : graph == "demo" ? demo() : bare();
}

json_object measure(const task &task, const options &chosen)
{
    const rows taps = random_taps(task.n_channels, task.n_taps);
    if (task.measure == "live")
        return live_wait(task.settings, taps, chosen.live);
    if (task.measure == "backlog")
        return backlog(task.settings, taps, chosen.backlog);
    return throughput(task.settings, taps, around(task.graph), chosen.throughput);
}

/* Every setting that will be timed, once. */
std::vector<std::string> verify_all(const std::vector<task> &tasks)
{
    return in_child([&](const auto &tell) {
        std::set<std::tuple<std::string, int, int>> done;
        for (const task &task : tasks)
            if (done.insert({task.settings.name, task.n_channels, task.n_taps}).second)
                tell(verify(task.settings, task.n_channels, task.n_taps).text());
    });
}

/* All tasks once, in a process of its own; backwards every other time. */
std::vector<std::string> run_round(int round, std::vector<task> tasks, const options &chosen)
{
    if (round % 2 == 1)
        std::reverse(tasks.begin(), tasks.end());
    return in_child([&](const auto &tell) {
        for (const task &task : tasks) {
            json_object result = measure(task, chosen);
            result.add("measure", task.measure).add("graph", task.graph);
            tell(result.add("taps", task.n_taps).add("round", round + 1).text());
        }
    });
}

void run(const options &chosen)
{
    std::vector<task> tasks;
    for (const task &task : all_tasks())
        if (chosen.only.empty() || task.graph == chosen.only)
            tasks.push_back(task);
    json_object circumstances;
    circumstances.add("date", date()).add("load_before", load()).add("rounds", chosen.n_rounds);

    std::fprintf(stderr, "flowgraph: verifying the output\n");
    const std::vector<std::string> verified = verify_all(tasks);
    std::vector<std::string> measured;
    for (int round = 0; round < chosen.n_rounds; round++) {
        std::fprintf(stderr, "flowgraph: round %d of %d\n", round + 1, chosen.n_rounds);
        const std::vector<std::string> lines = run_round(round, tasks, chosen);
        measured.insert(measured.end(), lines.begin(), lines.end());
    }
    write_document(chosen.out,
                   {{"machine", describe_machine().text()},
                    {"circumstances", circumstances.add("finished", date()).text()},
                    {"verified", json_array(verified)},
                    {"measured", json_array(measured)}});
}

} // namespace

int main(int argc, char **argv)
{
    try {
        run(parse(argc, argv));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "flowgraph: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
