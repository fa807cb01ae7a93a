/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where and with what the numbers were taken. */
#include "machine.h"

#include <gnuradio/constants.h>
#include <oaconv/oaconv.h>

#include <cstdlib>
#include <ctime>
#include <fftw3.h>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <volk/constants.h>
#include <volk/volk.h>

namespace oac_bench
{

namespace
{

/* The value of the first line of /proc/cpuinfo that begins with the key; "" if there is none. */
std::string cpu_info(const std::string &key)
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (line.compare(0, key.size(), key) == 0 && colon != std::string::npos)
            return line.substr(colon + 2);
    }
    return "";
}

std::string isa()
{
    const std::string flags = " " + cpu_info("flags") + " ";
    for (const char *name : {"avx512f", "avx2", "avx", "sse2"})
        if (flags.find(std::string(" ") + name + " ") != std::string::npos)
            return name;
    return "";
}

int cores()
{
    cpu_set_t cpus;
    return sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : CPU_COUNT(&cpus);
}

} // namespace

json_object describe_machine()
{
    utsname system;
    uname(&system);
    json_object result;
    result.add("cpu", cpu_info("model name"))
        .add("cpu_family_and_model", cpu_info("cpu family") + "/" + cpu_info("model\t"))
        .add("isa", isa())
        .add("architecture", system.machine)
        .add("cores", cores())
        .add("kernel", system.release)
        .add("memory_gigabytes",
             double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE)) / 1e9);
    result.add("gnuradio", gr::version())
        .add("volk", std::string(volk_version()) + ", " + volk_get_machine())
        .add("fftw", fftwf_version)
        .add("oaconv", oaconv_version())
        .add("compiler", __VERSION__);
    return result;
}

std::string date()
{
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
    return text;
}

double load()
{
    double average = 0;
    return getloadavg(&average, 1) == 1 ? average : -1;
}

} // namespace oac_bench
