/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where GNU Radio's buffers lie, and how much of them fits there. */
#include "buffer_memory.h"

#include <gnuradio/sys_paths.h>

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <stdexcept>

namespace gr
{
namespace oaconv
{

namespace
{

constexpr long unlimited = std::numeric_limits<long>::max() / 4;

/* What GNU Radio tries its kinds of buffers with: bytes of the largest one, and of all at once. */
constexpr long largest_tried = 4L << 20, all_tried = 16L << 20;

long page_size()
{
    static const long size = sysconf(_SC_PAGESIZE);
    return size;
}

/* The limits of System V shared memory, which is none of the files below. */
buffer_memory look_at_system_v()
{
    buffer_memory memory{
        "System V shared memory",
        "",
        "raise kernel.shmall and kernel.shmmax, or write gr::vmcircbuf_mmap_shm_open_factory",
        unlimited,
        unlimited};
    struct shminfo limits = {};
    struct shm_info used = {};
    if (shmctl(0, IPC_INFO, reinterpret_cast<struct shmid_ds *>(&limits)) < 0 ||
        shmctl(0, SHM_INFO, reinterpret_cast<struct shmid_ds *>(&used)) < 0) {
        memory.wrong = std::strerror(errno);
        return memory;
    }
    /* Each buffer has a page more; on its way it is twice as large, and two pages. */
    const unsigned long most = (unsigned long)unlimited / (unsigned long)page_size();
    const unsigned long pages = std::min<unsigned long>(limits.shmall, most);
    memory.n_free = std::max(long(pages) - long(used.shm_tot), 0L) * page_size();
    const unsigned long bytes = std::min<unsigned long>(limits.shmmax, (unsigned long)unlimited);
    memory.largest = std::max(std::min(long(bytes), memory.n_free) / 2 - 2 * page_size(), 0L);
    return memory;
}

buffer_memory look_at_folder(const std::string &folder, const std::string &remedy)
{
    buffer_memory memory{folder, "", remedy, 0, 0};
    struct statvfs system;
    if (statvfs(folder.c_str(), &system) < 0 || access(folder.c_str(), W_OK | X_OK) < 0) {
        memory.wrong = std::strerror(errno);
        return memory;
    }
    const auto block = std::max<unsigned long>(system.f_frsize, 1);
    const auto most = (unsigned long)unlimited / block;
    memory.n_free = long(std::min<unsigned long>(system.f_bavail, most) * block);
    memory.largest = memory.n_free;
    return memory;
}

buffer_memory look_at(buffer_kind kind)
{
    if (kind == buffer_kind::system_v)
        return look_at_system_v();
    if (kind == buffer_kind::shared_memory)
        return look_at_folder("/dev/shm",
                              "give /dev/shm more memory (mount -o remount,size=..., or --shm-size "
                              "of a container), or write gr::vmcircbuf_mmap_tmpfile_factory");
    return look_at_folder(gr::tmp_path(),
                          "name a larger folder by the environment variable TMP, or write "
                          "gr::vmcircbuf_mmap_shm_open_factory");
}

bool passes_trial(buffer_kind kind)
{
    const buffer_memory memory = look_at(kind);
    return memory.wrong.empty() && memory.n_free >= all_tried && memory.largest >= largest_tried;
}

std::string megabytes(long bytes)
{
    const std::string tenths = std::to_string(bytes * 10 / (1 << 20));
    return (tenths.size() > 1 ? tenths.substr(0, tenths.size() - 1) : "0") + "." + tenths.back() +
           " MB";
}

} // namespace

std::string buffer_preference()
{
    return std::string(gr::appdata_path()) + "/.gnuradio/prefs/vmcircbuf_default_factory";
}

buffer_kind kind_of_buffers()
{
    std::ifstream file(buffer_preference());
    std::string factory;
    std::getline(file, factory);
    const auto preferred = [&](const char *name) { return factory.rfind(name, 0) == 0; };
    if (preferred("gr::vmcircbuf_sysv_shm_factory"))
        return buffer_kind::system_v;
    if (preferred("gr::vmcircbuf_mmap_shm_open_factory"))
        return buffer_kind::shared_memory;
    if (preferred("gr::vmcircbuf_mmap_tmpfile_factory"))
        return buffer_kind::temporary_file;
    for (const buffer_kind kind : {buffer_kind::system_v, buffer_kind::shared_memory})
        if (passes_trial(kind))
            return kind;
    return buffer_kind::temporary_file;
}

buffer_memory look_at_buffer_memory()
{
    return look_at(kind_of_buffers());
}

void check_that_buffers_fit(const buffer_memory &memory, long n_ports, long needed)
{
    if (memory.wrong.empty() && needed <= memory.n_free)
        return;
    const std::string why = memory.wrong.empty()
                                ? std::to_string(n_ports) + " ports need at least " +
                                      megabytes(needed) + " of it, and " +
                                      megabytes(memory.n_free) + " are free"
                                : memory.wrong;
    throw std::runtime_error("no room for GNU Radio's buffers in " + memory.place + ": " + why +
                             "; " + memory.remedy + " into " + buffer_preference() +
                             " (without a line end)");
}

bool reserve_buffer(const char *buffer, std::size_t n)
{
    return madvise(const_cast<char *>(buffer), n, MADV_POPULATE_WRITE) == 0 || errno != EFAULT;
}

void release_buffer(const char *buffer, std::size_t n)
{
    madvise(const_cast<char *>(buffer), n, MADV_REMOVE);
}

} // namespace oaconv
} // namespace gr
