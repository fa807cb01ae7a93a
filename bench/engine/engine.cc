/* SPDX-License-Identifier: GPL-3.0-or-later
 * Benchmark: the engine on one core beside GNU Radio's filter kernels and other peers, no
 * scheduler. Writes every single round as JSON; engine_report.py makes tables and a plot of it. */
#include "child.h"
#include "json.h"
#include "machine.h"
#include "rounds.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sched.h>

using namespace oac_bench;

namespace
{

/* ---- command line ---- */

struct options {
    bool quick = false;
    int n_processes = 3;
    budget spent = {7, 0.01};
    std::string out = "engine.json", only;
};

[[noreturn]] void usage()
{
    std::fputs(
        "usage: engine [--quick] [--processes N] [--rounds N] [--only MEASURE] [--out FILE]\n"
        "MEASURE: throughput, partitioned, steps\n",
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
            chosen.quick = true;
            chosen.n_processes = 1;
            chosen.spent = {3, 0.01};
        } else if (argument == "--processes") {
            chosen.n_processes = std::atoi(value());
        } else if (argument == "--rounds") {
            chosen.spent.n_rounds = std::atoi(value());
        } else if (argument == "--only") {
            chosen.only = value();
        } else if (argument == "--out") {
            chosen.out = value();
        } else {
            usage();
        }
    }
    return chosen.n_processes > 0 && chosen.spent.n_rounds > 0 ? chosen : (usage(), chosen);
}

/* ---- processes ---- */

/* The variant of backend "simd" is chosen once in a process, so each is measured in processes of
 * its own, beside GNU Radio's kernel. The first group of processes has all other peers too; where
 * there are few settings, every group. */
struct process_group {
    std::string variant; /* value of OACONV_SIMD; "": there is no backend "simd" */
    bool first;
};

void use_one_core()
{
    cpu_set_t allowed, last;
    CPU_ZERO(&last);
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return;
    int core = CPU_SETSIZE - 1;
    while (core > 0 && !CPU_ISSET(core, &allowed))
        core--;
    CPU_SET(core, &last);
    if (sched_setaffinity(0, sizeof last, &last))
        std::fputs("engine: cannot stay on one core\n", stderr);
}

std::vector<std::string>
in_child_of(const process_group &members,
            const std::function<void(const std::function<void(const std::string &)> &tell)> &work)
{
    return in_child([&](const auto &tell) {
        if (!members.variant.empty())
            setenv("OACONV_SIMD", members.variant.c_str(), 1);
        use_one_core();
        work(tell);
    });
}

/* Why the variant cannot run; "" when it can. */
std::string why_not(const std::string &variant)
{
    const auto lines = in_child_of({variant, false}, [](const auto &tell) {
        for (std::size_t i = 0; i < oaconv_backend_count(); i++) {
            const char *reason = "";
            if (std::strcmp(oaconv_backend_name(i), "simd") == 0)
                tell(oaconv_backend_usable(i, &reason) ? "" : reason);
        }
    });
    return lines.empty() ? "the library has no backend \"simd\"" : lines[0];
}

std::vector<process_group> list_process_groups()
{
    std::vector<process_group> groups;
    for (const char *variant : {"avx512", "avx2", "generic"}) {
        const std::string reason = why_not(variant);
        if (reason.empty())
            groups.push_back({variant, groups.empty()});
        else
            std::fprintf(stderr, "engine: skipping simd %s: %s\n", variant, reason.c_str());
    }
    if (groups.empty())
        groups.push_back({"", true});
    return groups;
}

/* ---- jobs ---- */

std::vector<factory> list_peers()
{
    return {ours("volk"),
            ours_free_hop("volk"),
            fftw_alone(),
            fftw_alone_r2c(),
#ifdef HAVE_LIQUID
            liquid(),
#else
            absent("liquid", "built without libliquid-dev"),
#endif
#ifdef HAVE_ZITA
            zita(),
#else
            absent("zita", "built without libzita-convolver-dev"),
#endif
            copy()};
}

std::vector<factory> list_factories(const process_group &members, const std::string &measure)
{
    const bool steps = measure == "steps";
    if (steps && !members.first)
        return {};
    std::vector<factory> factories;
    if (!members.variant.empty())
        factories.push_back(ours("simd"));
    else if (steps)
        factories.push_back(ours("volk"));
    factories.push_back(gnuradio_kernel());
    if (steps)
        return factories;
    if (!members.variant.empty())
        factories.push_back(ours_free_hop("simd"));
    if (members.first || measure == "partitioned")
        for (const factory &peer : list_peers())
            factories.push_back(peer);
    return factories;
}

/* What is measured together. */
struct batch {
    std::string measure;
    std::vector<job> jobs;
};

std::vector<batch> list_batches(const process_group &members, const options &chosen)
{
    std::vector<batch> batches;
    for (const group &together : all_groups(chosen.quick)) {
        batch next = {together.measure, {}};
        for (const setting &each : together.settings)
            for (const factory &who : list_factories(members, together.measure))
                next.jobs.push_back({each, who, 0});
        if (!next.jobs.empty() && (chosen.only.empty() || next.measure == chosen.only))
            batches.push_back(next);
    }
    return batches;
}

/* Tries out the sizes in a process of its own, once for all processes that measure. */
void choose_sizes(const process_group &members, std::vector<batch> &batches)
{
    const std::vector<std::string> lines = in_child_of(members, [&](const auto &tell) {
        for (const batch &each : batches)
            for (const job &what : each.jobs)
                tell(std::to_string(fastest_size(what.chosen, what.who)));
    });
    std::size_t i = 0;
    for (batch &each : batches)
        for (job &what : each.jobs)
            what.size = std::stoul(lines.at(i++));
}

std::vector<std::string> run_process(int process,
                                     const process_group &members,
                                     const std::vector<batch> &batches,
                                     const budget &spent)
{
    return in_child_of(members, [&](const auto &tell) {
        for (const batch &each : batches)
            for (json_object &result : run_rounds(each.jobs, spent)) {
                result.add("measure", each.measure).add("variant", members.variant);
                tell(result.add("process", process).text());
            }
    });
}

void run(const options &chosen)
{
    json_object circumstances;
    circumstances.add("date", date()).add("load_before", load());
    circumstances.add("processes", chosen.n_processes).add("rounds", chosen.spent.n_rounds);
    const std::vector<process_group> groups = list_process_groups();
    std::vector<std::vector<batch>> batches;
    for (const process_group &members : groups) {
        std::fprintf(stderr, "engine: choosing sizes %s\n", members.variant.c_str());
        batches.push_back(list_batches(members, chosen));
        choose_sizes(members, batches.back());
    }
    std::vector<std::string> measured;
    for (int process = 1; process <= chosen.n_processes; process++)
        for (std::size_t i = 0; i < groups.size(); i++) {
            std::fprintf(stderr,
                         "engine: process %d of %d %s\n",
                         process,
                         chosen.n_processes,
                         groups[i].variant.c_str());
            const auto lines = run_process(process, groups[i], batches[i], chosen.spent);
            measured.insert(measured.end(), lines.begin(), lines.end());
        }
    write_document(chosen.out,
                   {{"machine", describe_machine().text()},
                    {"circumstances", circumstances.add("finished", date()).text()},
                    {"measured", json_array(measured)}});
}

} // namespace

int main(int argc, char **argv)
{
    try {
        run(parse(argc, argv));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "engine: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
