/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of a test that run in a child of fork(). */
#include "child.h"

#include "signals.h"

#include <chrono>
#include <cppunit/Exception.h>
#include <cppunit/TestAssert.h>
#include <csignal>
#include <iostream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace oac_test
{

static constexpr std::chrono::minutes longest_work{1};

[[noreturn]] static void run_and_exit(const std::string &label, const std::function<void()> &work)
{
    int status = 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should it hang, it does not outlive the test */
    try {
        work();
        status = 0;
    } catch (const CppUnit::Exception &failure) {
        std::cerr << label << ": line " << failure.sourceLine().lineNumber() << ": "
                  << failure.what() << std::endl;
    } catch (const std::exception &error) {
        std::cerr << label << ": " << error.what() << std::endl;
    }
    _exit(status); /* nothing of the parent's is ended twice */
}

/* Its wait status; what SIGALRM would leave, if it hangs. */
static int end_of(pid_t child)
{
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + longest_work;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (clock::now() > deadline) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return SIGALRM;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return status;
}

void in_child(const std::string &label, const std::function<void()> &work)
{
    std::cout.flush();
    const pid_t child = fork();
    CPPUNIT_ASSERT_MESSAGE("fork failed", child >= 0);
    if (child == 0)
        run_and_exit(label, work);
    const int status = end_of(child);
    const std::string how = !WIFSIGNALED(status)          ? say("fails, ", WEXITSTATUS(status))
                            : WTERMSIG(status) == SIGALRM ? "hangs"
                                                          : say("dies, signal ", WTERMSIG(status));
    CPPUNIT_ASSERT_MESSAGE(say("the child ", how, ": ", label), status == 0);
}

} // namespace oac_test
