/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cases that may end or stop the process they run in: tried in child processes. */
#include "survival.h"

#include "signals.h"

#include <cppunit/TestAssert.h>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oac_test
{

namespace
{

/* What parent and child both see. */
struct Shared {
    size_t at; /* the case that runs */
    char words[1000];
};

Shared *make_shared_memory()
{
    void *memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        throw std::runtime_error("no memory that processes share");
    return new (memory) Shared{};
}

/* Address space as well as core dumps; the sanitizers need all that there is of the former. */
void limit_memory([[maybe_unused]] unsigned gigabytes)
{
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit some{rlim_t{gigabytes} << 30, rlim_t{gigabytes} << 30};
    setrlimit(RLIMIT_AS, &some);
#endif
}

/* Runs the cases from shared->at on; 0 at the end, 1 behind one that threw. */
int run_cases(const std::vector<Case> &cases, Shared *shared, unsigned seconds)
{
    for (; shared->at < cases.size(); shared->at++) {
        alarm(seconds);
        try {
            cases[shared->at].run();
        } catch (const std::exception &error) {
            std::snprintf(shared->words, sizeof shared->words, "%s", error.what());
            return 1;
        }
    }
    return 0;
}

std::string end_of(int status, const Shared &shared)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return "took too long";
    if (WIFSIGNALED(status))
        return say("ended by signal ", WTERMSIG(status));
    if (*shared.words)
        return shared.words;
    return say("ended with ", WEXITSTATUS(status));
}

} // namespace

void expect_to_survive(const std::vector<Case> &cases, unsigned gigabytes, unsigned seconds)
{
    Shared *shared = make_shared_memory();
    std::string failures;
    for (; shared->at < cases.size(); shared->at++) {
        *shared->words = '\0';
        std::fflush(nullptr);
        const pid_t child = fork();
        CPPUNIT_ASSERT(child >= 0);
        if (child == 0) {
            limit_memory(gigabytes);
            _exit(run_cases(cases, shared, seconds));
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0)
            failures += say("\n  ", cases[shared->at].name, ": ", end_of(status, *shared));
    }
    munmap(shared, sizeof *shared);
    CPPUNIT_ASSERT_MESSAGE(failures, failures.empty());
}

} // namespace oac_test
