/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file
 * Multichannel FIR filtering by FFT overlap-add.
 *
 * M signals, M rows of taps; row m of the taps filters channel m, along time only:
 *
 *     y[m][t] = sum over k of h[m][k] * x[m][t - k]        x[m][t] = 0 for t < 0
 *
 * No added delay, no scale. A filter that decimates by D computes y[m][D t] only: n samples in give
 * ceil(n / D) out. The same letters everywhere, lengths in samples per channel:
 *
 *     M   channels
 *     P   taps of the longest row
 *     D   decimation
 *     N   points of the FFT
 *     L   segment: samples out per FFT, L <= N - ceil((P - 1) / D)
 *     hop samples the engine takes at a time: D L or more; D L where the taps are partitioned
 *
 * A handle is used by one thread at a time, its working thread; only oaconv_taps_prepare() may be
 * called from any thread while the handle works. Different handles are independent.
 *
 * NULL: a pointer may be NULL only where its description says so. Otherwise calls that return a
 * status answer OAC_ERR_ARG, and the others do nothing and return 0. Where n is 0, pointers to
 * samples are not read; where n is not 0 they must be there, also if no sample comes out.
 *
 * In a child of fork() handles go on from where they were, with the same bits: with one thread, as
 * it has no others, and where a GPU was in use the CPU takes over, which costs a line in the log. A
 * handle that another thread was using at that moment answers OAC_ERR_BACKEND in the child, where
 * it can only be destroyed. New handles have threads, but no GPU if CUDA was in use before. fork()
 * waits for planning that is under way. Calls after vfork() or a bare clone() are not possible.
 *
 * Algorithm: overlap-add, T. G. Stockham, "High-speed convolution and correlation" (1966);
 * A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", section 8.7. Decimation by D
 * polyphase branches, whose spectra are added up before one transform back: M. Bellanger,
 * G. Bonnerot, M. Coudreuse, "Digital filtering by polyphase network", IEEE Trans. ASSP 24 (1976).
 */
#ifndef OACONV_OACONV_H
#define OACONV_OACONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define OAC_EXPORT __attribute__((visibility("default")))
#define OAC_MUST_CHECK __attribute__((warn_unused_result))
#else
#define OAC_EXPORT
#define OAC_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Bounds that are checked before anything is allocated. */
#define OAC_MAX_CHANNELS ((size_t)1 << 20)
#define OAC_MAX_TAPS ((size_t)1 << 28)
#define OAC_MAX_HOP ((size_t)1 << 28)
#define OAC_MAX_DECIMATION ((size_t)1 << 16)

/** What a call can answer. The place that was wrong is in oaconv_last_error(). */
typedef enum oaconv_status {
    OAC_OK = 0,
    OAC_ERR_ARG,       /**< an argument is wrong */
    OAC_ERR_NO_MEMORY, /**< an allocation failed; nothing has changed */
    OAC_ERR_TOO_LARGE, /**< sizes beyond the OAC_MAX_ bounds, or that overflow */
    OAC_ERR_BACKEND    /**< the backend is unknown, not usable here, or has failed */
} oaconv_status;

/** What samples and taps consist of: a real sample or tap is one such element, a complex one is
 * two, real part first. Wherever this header says samples or taps, they are of the filter's
 * precision. */
typedef enum oaconv_precision {
    OAC_SINGLE = 0, /**< float; samples below 1e38 / N in magnitude, taps above 1e-38 N */
    OAC_DOUBLE      /**< double; samples below 1e308 / N, taps above 1e-308 N. With the backends
                         "volk" and "direct" only */
} oaconv_precision;

/** Signal and taps. */
typedef enum oaconv_type {
    OAC_REAL = 0,          /**< real signal, real taps (GNU Radio: fff) */
    OAC_COMPLEX_REAL_TAPS, /**< complex signal, real taps (ccf) */
    OAC_COMPLEX            /**< complex signal, complex taps (ccc) */
} oaconv_type;

/** One row of taps: n_taps elements, or n_taps pairs of elements for OAC_COMPLEX. Only read. */
typedef struct oaconv_row {
    const void *taps; /**< float or double, as the precision of the filter says */
    size_t n_taps;
} oaconv_row;

/** How much a line of the log matters. */
typedef enum oaconv_log_level {
    OAC_LOG_INFO = 0, /**< a choice that was made, such as CPU or GPU */
    OAC_LOG_ERROR     /**< a GPU was lost; the CPU goes on */
} oaconv_log_level;

/** Receives one line, without a newline, in the thread of the call that caused it. */
typedef void (*oaconv_log)(void *context, oaconv_log_level level, const char *line);

/* The two structs below may get new fields, at their end. `struct_size` tells the library how long
 * the struct of the program is: one that was compiled before a field came gets its default. */

/** What oaconv_create() needs to know. Fill it with oaconv_config_init() first. */
typedef struct oaconv_config {
    size_t struct_size; /**< bytes of this struct; oaconv_config_init() sets it */
    oaconv_type type;
    oaconv_precision precision;
    const oaconv_row *rows; /**< n_rows rows, copied; lengths may differ */
    size_t n_rows;          /**< M, or 1: one row for all channels */
    size_t n_channels;      /**< M; 0 means n_rows */
    const char *backend;    /**< "auto" (or NULL), "cpu", "gpu", or a name of oaconv_backend_name();
                                 for "auto" the environment variable OACONV_BACKEND fills in */
    int device;             /**< GPU, counted from 0; -1: that of the environment variable
                                 OACONV_DEVICE, or 0 */
    size_t decimation;      /**< D >= 1 */
    size_t hop;        /**< samples, a multiple of D; 0 lets the planner choose, now and at every
                            tap change */
    size_t max_hop;    /**< no chosen hop exceeds this, unless it is less than D; 0 means no such
                            bound */
    size_t row_length; /**< samples that each channel has in all: plans for throughput, without
                            partitions, and by built-in costs unless OACONV_COST_TABLE is set,
                            so that nothing is measured and all processes plan alike; 0: a
                            stream */
    size_t n_fft, segment; /**< with a hop: the plan that oaconv_get_info() told of another filter
                                with the same backend; 0: the planner's choice */
    size_t threads;        /**< that share the channels; 0: one for every core. Never more than
                                cores or channels, and fewer where the system gives no more: a
                                line in the log says so once in a process. They sleep between
                                calls, stay asleep when a call is too small to share, and follow
                                the working thread's processor affinity, priority and floating-
                                point modes. They change no bit. */
    size_t batch;      /**< samples that a call usually has, for which a GPU is set up; 0: 16384,
                            more than OAC_MAX_HOP counts as that */
    oaconv_log log;    /**< NULL: errors to stderr, nothing else */
    void *log_context; /**< handed to log */
} oaconv_config;

/** What oaconv_get_info() tells. */
typedef struct oaconv_info {
    size_t struct_size; /**< bytes of this struct */
    size_t n_channels;
    size_t n_taps;        /**< P, of the longest row in force */
    size_t decimation;    /**< D */
    size_t n_fft;         /**< N, of each of the D branches; 0 where the backend uses no FFT */
    size_t n_partitions;  /**< K: parts that the taps are cut into, for a hop much shorter than P;
                               mostly 1 */
    size_t segment;       /**< L */
    size_t hop;           /**< may change when taps change, unless the config fixed it */
    size_t threads;       /**< that share the channels, the working thread included */
    size_t latency;       /**< most samples that can wait for a hop to fill: hop - 1 */
    double cost;          /**< nanoseconds per sample of one channel on one core, as the planner
                               estimates; 0 where the backend uses no FFT */
    uint64_t n_samples;   /**< samples per channel done since creation or reset */
    uint64_t n_changes;   /**< tap changes in force since creation or reset */
    uint64_t last_change; /**< the sample at which the latest of them took effect */
    uint64_t gpu_calls;   /**< calls that a GPU has computed since creation */
    uint64_t gpu_losses;  /**< times that a GPU was lost since creation */
    size_t device_bytes;  /**< GPU memory in use by the taps in force; 0 without a GPU */
    size_t pinned_bytes;  /**< page-locked memory beside it */
    const char *backend;  /**< exact name of the one in use; static */
    const char *reason;   /**< why this backend; valid until the next call of the working thread
                           */
    const char *plan_reason; /**< why this N, L, hop and K, or ""; lives until taps are swapped or a
                                GPU is lost or reopened */
} oaconv_info;

/** A filter at work; opaque. */
typedef struct oaconv oaconv;

/** Sets every field: OAC_REAL, OAC_SINGLE, no rows, no decimation (1), backend "auto", any GPU, hop
 * chosen by the planner. A macro, which tells the library the size of the caller's struct.
 * Any thread. */
#define oaconv_config_init(config) oaconv_config_init_sized(config, sizeof(oaconv_config))
/** As oaconv_config_init(), for programs that do not use this header.
 * @param struct_size  bytes of the caller's struct; no more are written. */
OAC_EXPORT void oaconv_config_init_sized(oaconv_config *config, size_t struct_size);

/** Makes a filter.
 * @param filter  receives the handle, NULL on failure; destroy with oaconv_destroy().
 * @param config  only read; its rows may be freed after the call.
 * @return OAC_OK; OAC_ERR_ARG a config that was not filled in first or is of a later version, no
 *         rows, an empty row, NaN or Inf taps, n_rows neither 1 nor n_channels, an unknown type or
 *         precision, a decimation of 0 or a hop that is no multiple of it; OAC_ERR_TOO_LARGE;
 *         OAC_ERR_NO_MEMORY; OAC_ERR_BACKEND, also where the backend does not compute so precisely.
 * Any thread. Allocates, and plans FFTs, which can take a second the first time for a size with
 * backend "volk". The first call in a process measures what transforms cost here, in about half a
 * second; the environment variable OACONV_COST_TABLE = "nominal", "cache" or the path of a file
 * pins the costs, and OACONV_SIMD = "avx512", "avx2" or "generic" the kernels of backend "simd".
 *
 * "simd" and "cuda" compute in single precision only: in double they are refused by name, "auto"
 * and "cpu" choose among the others, and CUDA is not touched.
 *
 * With "gpu" (the same as "cuda") a GPU that cannot be had is an error. With "auto" it is taken if
 * it filters at least 1.2 times as fast as the CPU does, both measured here for about 20 ms with
 * signals of this shape; the log says what was found. With the other names CUDA is not touched;
 * with these it is started in this process, which makes it unusable in children of fork(), and its
 * device becomes the current one of each thread that calls. Opening a filter runs all its plans
 * once. A GPU that fails later, or is silent for longer than OACONV_GPU_TIMEOUT seconds (10), costs
 * one line in the log and no sample: the CPU goes on. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_create(oaconv **filter, const oaconv_config *config);

/** Frees everything; accepts NULL. No other call on the handle may be under way. */
OAC_EXPORT void oaconv_destroy(oaconv *filter);

/** Samples that the next n samples of every channel give: n, or those of them that decimation
 * keeps. Working thread. */
OAC_EXPORT size_t oaconv_output_length(const oaconv *filter, size_t n);

/** Filters n new samples of every channel.
 * @param in   M pointers, each to n samples; read only; no alignment needed.
 * @param out  M pointers, each to oaconv_output_length(n) samples; must not overlap any
 *             input.
 * @param n    samples per channel, a multiple of the hop; 0 is allowed.
 * @return OAC_OK; OAC_ERR_ARG n no multiple of the hop, or the tail has been read;
 *         OAC_ERR_TOO_LARGE n samples of a row exceed the address space; OAC_ERR_BACKEND, in a
 *         child of fork() too if another thread was using the handle then.
 * Working thread. Does not allocate, plan, print or wait; but for a GPU it waits, and one that is
 * lost it reports. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_process(oaconv *filter,
                                                       const void *const *in,
                                                       void *const *out,
                                                       size_t n);

/** Filters the last piece before a border of the stream: its end, or a point where the caller
 * wants everything out. What the samples so far owe to later ones is kept: it is added to what
 * oaconv_process() gives next, or read with oaconv_read_tail().
 * @param in   M pointers, each to n samples.
 * @param out  M pointers, each to oaconv_output_length(n) samples; must not overlap any
 *             input.
 * @param n    samples per channel, less than the hop; 0 is allowed.
 * @return as oaconv_process(). Working thread. Does not allocate, plan, print or wait; but where
 * the taps are partitioned, the samples owed are computed at the next call, as much work as P
 * samples. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_finish(oaconv *filter,
                                                      const void *const *in,
                                                      void *const *out,
                                                      size_t n);

/** Samples per channel that would still come out if the stream ended here: those of P - 1, or more
 * while earlier, longer taps ring out, that decimation keeps. Working thread. */
OAC_EXPORT size_t oaconv_tail_length(const oaconv *filter);

/** Hands out the tail after oaconv_finish(), in one piece or several.
 * @param out  M pointers, each to n samples.
 * @param n    at most oaconv_tail_length(), which shrinks by n.
 * @return OAC_OK; OAC_ERR_ARG n too large, or samples were processed since the last
 *         oaconv_finish(). Working thread. Does not allocate, plan, print or wait.
 * The tail read is time gone by: more samples are refused until oaconv_reset(). */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_read_tail(oaconv *filter,
                                                         void *const *out,
                                                         size_t n);

/** Builds the complete state for new taps, to be put in force by oaconv_taps_swap(). Replaces what
 * was prepared and not yet swapped in, and frees what earlier swaps retired.
 * @param rows    M rows or 1, copied; they may be longer than any before.
 * @param n_rows  M, or 1: one row for all channels.
 * @return as oaconv_create(); on failure nothing has changed.
 * Any thread, also while the working thread works. Allocates and plans. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_taps_prepare(oaconv *filter,
                                                            const oaconv_row *rows,
                                                            size_t n_rows);

/** Bounds every hop that oaconv_taps_prepare() chooses from now on; 0 takes the bound back. For
 * callers whose buffers are made once, for the first hop. Any thread. */
OAC_EXPORT void oaconv_set_max_hop(oaconv *filter, size_t max_hop);

/** Puts prepared taps in force: samples so far keep the taps they arrived with, ring-out included;
 * later samples get the new ones. The hop may be another one afterwards.
 * @return whether there was something prepared.
 * Working thread. Does not allocate, plan, print or wait; but where the old taps are partitioned,
 * all that they owe is computed here, as much work as P samples. */
OAC_EXPORT bool oaconv_taps_swap(oaconv *filter);

/** Forgets all samples: the next one is sample 0. Taps in force stay. Working thread. */
OAC_EXPORT void oaconv_reset(oaconv *filter);

/** Takes a GPU that was lost into use again, for the taps in force and from the next sample on.
 * Does nothing while there is none to win back.
 * @return OAC_OK; OAC_ERR_BACKEND or OAC_ERR_NO_MEMORY when it is still lost: the log says so, and
 *         the CPU goes on. Working thread. Allocates and plans. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_gpu_reopen(oaconv *filter);

/** Describes the plan in force; NULL as filter: all 0, and "" as names. A macro, which tells the
 * library the size of the caller's struct. Working thread. */
#define oaconv_get_info(filter, info) oaconv_get_info_sized(filter, info, sizeof(oaconv_info))
/** As oaconv_get_info(), for programs that do not use this header.
 * @param struct_size  bytes of the caller's struct; no more are written. */
OAC_EXPORT void oaconv_get_info_sized(const oaconv *filter, oaconv_info *info, size_t struct_size);

/** Convolves whole rows: out[m] = convolve(in[m], row m), "full".
 * @param config  as for oaconv_create(); row_length is taken to be n.
 * @param in      M pointers, each to n samples; with n = 0 not read.
 * @param out     M pointers, each to n + P - 1 samples, or those of them that decimation keeps
 *                (shorter rows end in zeros); nothing is written when n = 0, as in numpy.
 * @return as oaconv_create() and oaconv_process(). Any thread. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_convolve(const oaconv_config *config,
                                                        const void *const *in,
                                                        void *const *out,
                                                        size_t n);

/** FFTW's planner is one for the whole process. A program that plans with FFTW itself names the
 * lock it holds meanwhile, before its first oaconv_create(); without this call the planner is made
 * thread safe by fftwf_make_planner_thread_safe(), and fftw_make_planner_thread_safe() for double
 * precision.
 *
 * Before the first plan fftwf_init_threads() is called, and fftw_init_threads(): FFTW understands
 * the wisdom that a program has kept only where the program called them before its first plan, too,
 * as GNU Radio does. Plans are made for one thread; how many the program has asked FFTW for is left
 * as it is. A limit by fftwf_set_timelimit() is not, and must be set again after new taps.
 * @param lock, unlock  called with context around every plan, and around fork(), so that no child
 *                      finds it taken; both NULL takes the lock back. */
OAC_EXPORT void
oaconv_set_planner_lock(void (*lock)(void *), void (*unlock)(void *), void *context);

/** What FFTW has learnt about the sizes that backend "volk" has used: a process that imports it
 * plans and rounds alike on the same machine.
 * @return text, to be freed with free(); NULL when memory is short or the precision unknown. Any
 *         thread. */
OAC_EXPORT char *oaconv_export_wisdom(oaconv_precision precision);
/** Takes over what another process has exported, before any filter of these sizes is made here.
 * @return whether FFTW understood it. Any thread. */
OAC_EXPORT OAC_MUST_CHECK bool oaconv_import_wisdom(oaconv_precision precision, const char *wisdom);

/** Backends this library knows, usable here or not. Any thread. */
OAC_EXPORT size_t oaconv_backend_count(void);
/** Name of backend i < oaconv_backend_count(), else NULL; static. Any thread. */
OAC_EXPORT const char *oaconv_backend_name(size_t i);
/** Whether backend i can run here; for "cuda" this looks for the module and the GPU.
 * @param reason  may be NULL; receives what it is, or why it cannot run; valid until the next call
 *                in this thread. Any thread. */
OAC_EXPORT bool oaconv_backend_usable(size_t i, const char **reason);

/** A short sentence for a status; static. Any thread. */
OAC_EXPORT const char *oaconv_strerror(oaconv_status status);

/** What the latest call that failed in this thread found wrong, and where ("taps row 3 is
 * empty"); "" before any. Valid until the next failure in this thread. */
OAC_EXPORT const char *oaconv_last_error(void);

/** "major.minor.patch"; static. Any thread. */
OAC_EXPORT const char *oaconv_version(void);

#ifdef __cplusplus
}
#endif

#endif
