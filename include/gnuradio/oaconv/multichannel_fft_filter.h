/* SPDX-License-Identifier: GPL-3.0-or-later
 * M inputs, M rows of FIR taps, M outputs, filtered by FFT overlap-add. */
#ifndef INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_H
#define INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_H

#include <gnuradio/block.h>
#include <gnuradio/oaconv/api.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gr
{
namespace oaconv
{

/*!
 * \brief Filters M streams with M rows of FIR taps: y[m][t] = sum over k of taps[m][k] x[m][t-k];
 * with decimation D gives y[m][D t] only.
 * \ingroup oaconv
 *
 * \details
 * One block and one thread in the place of M filter blocks. No added delay, no scale. Nothing is
 * lost at the end of a stream: n samples in give n out on every port, ceil(n / D) with decimation,
 * and with \p flush the tail as well.
 *
 * The ports run in lockstep: one stalled input stalls all of them, the shortest input ends all,
 * and so does a Head block behind one output. Tags stay on their channel, unless another
 * propagation policy is set. With decimation a tag on sample n moves to round(n / D), but not
 * behind the last sample that comes out, at the end of the stream or by a flush. Where a tag on the
 * samples so far may move to the next sample, the last one waits until it is known whether there is
 * a next. A tag does not move back to a sample that has come out with an earlier hop: after a flush
 * or a change of taps on no multiple of D it may land on the next one, and is lost where none
 * follows.
 *
 * The setters and getters may be called from any thread at any time.
 *
 * Message port \p taps takes new taps: a vector of M rows or of one for all, a pair
 * (channel . row), or a dict with `channel` and `taps` (a row), or with `taps` (a vector of rows)
 * alone. A row is a uniform vector of f32 or f64, for complex taps also of c32 or c64; a channel is
 * an integer from 0. They come into force as with set_taps(). A message that comes while the block
 * is stopped waits for the next start.
 *
 * A stream tag \p taps on a channel, its value a row, brings new taps for this channel, from the
 * tagged sample on. Of several on one sample and channel the last counts; those of several channels
 * on one sample are one change. Such a tag is not passed on; the block's own tag `taps`, the count
 * of changes, marks the first sample on every output that meets them.
 *
 * Taps that arrive by message or tag are prepared in the block's own thread, which filters nothing
 * meanwhile. Wrong ones are ignored, with one warning in the log.
 *
 * A stream tag \p flush, with any value and on any channel, lets all samples up to and including
 * the tagged one come out at once, for sources that pause or never end. No tail comes out: it is
 * added to what follows. The tag is passed on, with the last sample that comes out.
 *
 * Control tags act on the sample they are tagged on, also beside declare_sample_delay(), which
 * moves the tags that are passed on.
 *
 * Message port \p status answers any message with a dict: `backend`, `reason`, `fft_size`, `hop`,
 * `samples` (filtered in this stream, per channel), `tap_changes`, `last_tap_change`, `gpu_calls`,
 * `gpu_losses`, `threads`, `decimation`. A stopped block answers at its next start.
 */
template <class SAMPLE, class TAP>
class OACONV_API multichannel_fft_filter : virtual public gr::block
{
public:
    typedef std::shared_ptr<multichannel_fft_filter<SAMPLE, TAP>> sptr;

    /*!
     * \brief Makes a filter with as many inputs and outputs as channels.
     *
     * \param taps        rows of taps, one for each channel or one for all; lengths may differ
     * \param n_channels  M; 0 means as many as there are rows
     * \param backend     "auto", "cpu", "gpu", or an exact name ("simd", "volk", "direct", "cuda").
     *                    "auto" takes a GPU if there is one that filters at least 1.2 times as fast
     *                    as the CPU; the environment variable OACONV_BACKEND fills in for it
     * \param hop         samples that the algorithm takes at a time, and therefore holds back in a
     *                    slow stream, a multiple of the decimation; 0 lets the planner choose, now
     *                    and at every tap change
     * \param flush       whether the tail comes out after the last sample: n + P - 1 samples for n,
     *                    P being the length of the longest row; ceil((n + P - 1) / D) of them
     * \param threads     that share the channels, the block's own included; 0 means one for every
     *                    core. Never more than cores or channels; they follow the block's processor
     *                    affinity and priority, and change no bit of the output
     * \param max_latency seconds that a sample may wait, once its hop is complete, for others to be
     *                    filtered with it; at full speed larger batches make a faster graph
     * \param max_batch   samples; what the buffers before and after the block are made for, and so
     *                    the backlog when a sink sets the pace; at least one hop, at most 256 MB in
     *                    all
     * \param device      GPU, counted from 0; -1: that of the environment variable OACONV_DEVICE,
     *                    or 0
     * \param decimation  D: of the samples 0, 1, 2, ... only every D-th is computed and given out.
     * A change of taps or a flush on any sample does not move them
     *
     * A GPU that is lost while the graph runs costs one line in the log and no sample: the CPU goes
     * on, and every start of the block tries the GPU again.
     *
     * \throws std::invalid_argument
     *     with a message that names the place: no rows, an empty row, NaN or infinite taps, rows
     *     neither 1 nor M, an unknown backend or one that cannot run here, a GPU asked for that
     *     cannot be had, more ports than shared memory allows, a decimation less than 1, a hop that
     *     is no multiple of it
     *
     * \throws std::bad_alloc
     *     when memory is short
     */
    static sptr make(const std::vector<std::vector<TAP>> &taps,
                     int n_channels = 0,
                     const std::string &backend = "auto",
                     int hop = 0,
                     bool flush = false,
                     int threads = 0,
                     double max_latency = 0.010,
                     int max_batch = 16384,
                     int device = -1,
                     int decimation = 1);

    /*!
     * \brief The same with rows of other numbers, which to_taps() converts: double, as C++
     * flowgraphs of GNU Radio Companion have them, std::complex<double>, int.
     */
    template <class NUMBER,
              class... ARGUMENTS,
              class = std::enable_if_t<!std::is_same_v<NUMBER, TAP>>>
    static sptr make(const std::vector<std::vector<NUMBER>> &taps, ARGUMENTS &&...arguments)
    {
        return make(to_taps(taps), std::forward<ARGUMENTS>(arguments)...);
    }

    //! \brief A row of real or complex numbers as a row of taps, in single precision.
    template <class NUMBER>
    static std::vector<TAP> to_taps(const std::vector<NUMBER> &row)
    {
        static_assert(std::is_constructible_v<TAP, NUMBER>, "this filter takes real taps");
        return std::vector<TAP>(row.begin(), row.end());
    }

    //! \brief Rows of real or complex numbers as rows of taps, in single precision.
    template <class NUMBER>
    static std::vector<std::vector<TAP>> to_taps(const std::vector<std::vector<NUMBER>> &rows)
    {
        std::vector<std::vector<TAP>> taps;
        for (const auto &row : rows)
            taps.push_back(to_taps(row));
        return taps;
    }

    /*!
     * \brief Changes all rows, also while running: samples that have been filtered keep the taps
     * they met, ring-out included; later ones get the new taps. Rows may become longer than at the
     * start.
     *
     * The new state is built in the calling thread. The sample at which it came into force is told
     * by last_tap_change() and by a tag `taps` on the first sample of every output that meets it,
     * its value (uint64) the count of changes so far.
     *
     * \throws as make(); then nothing has changed.
     */
    virtual void set_taps(const std::vector<std::vector<TAP>> &taps) = 0;

    //! \brief The same with rows of other numbers, which to_taps() converts.
    template <class NUMBER, class = std::enable_if_t<!std::is_same_v<NUMBER, TAP>>>
    void set_taps(const std::vector<std::vector<NUMBER>> &taps)
    {
        set_taps(to_taps(taps));
    }

    /*!
     * \brief set_taps() for sliders and other callbacks, in which an exception would end the
     * program: what is wrong is one warning in the log, and the old taps stay.
     *
     * \param rows  gives the rows; called once, in this thread. What it throws is wrong, too
     *
     * \returns whether the taps are set
     */
    virtual bool try_set_taps(const std::function<std::vector<std::vector<TAP>>()> &rows) = 0;

    //! \brief The same with rows, of any numbers that to_taps() converts.
    template <class NUMBER = TAP>
    bool try_set_taps(const std::vector<std::vector<NUMBER>> &rows)
    {
        return try_set_taps([&rows] { return to_taps(rows); });
    }

    //! \brief Changes the taps of channel \p channel (from 0) only; otherwise as set_taps().
    virtual void set_channel_taps(int channel, const std::vector<TAP> &taps) = 0;

    //! \brief The same with a row of other numbers, which to_taps() converts.
    template <class NUMBER, class = std::enable_if_t<!std::is_same_v<NUMBER, TAP>>>
    void set_channel_taps(int channel, const std::vector<NUMBER> &taps)
    {
        set_channel_taps(channel, to_taps(taps));
    }

    //! \brief The rows that were last set, one for each channel or one for all.
    virtual std::vector<std::vector<TAP>> taps() const = 0;

    //! \brief The exact name of the backend in use now; another one once a GPU is lost.
    virtual std::string backend() const = 0;

    //! \brief Why that backend.
    virtual std::string backend_reason() const = 0;

    //! \brief How many times a GPU has filtered a batch since the block was made.
    virtual uint64_t gpu_calls() const = 0;

    //! \brief Threads that share the channels, the block's own included.
    virtual int threads() const = 0;

    //! \brief Points of the FFT in use now; 0 where the backend uses none.
    virtual int fft_size() const = 0;

    //! \brief Samples that the algorithm takes at a time.
    virtual int hop() const = 0;

    //! \brief D: every D-th sample is given out.
    virtual int decimation() const = 0;

    //! \brief How many tap changes have come into force since the start of the stream.
    virtual uint64_t tap_changes() const = 0;

    /*!
     * \brief The input sample, counted from the start of the stream, at which the latest one did.
     * The offsets of tags, like all of GNU Radio's, begin again at 0 when a running graph is
     * unlocked.
     */
    virtual uint64_t last_tap_change() const = 0;
};

typedef multichannel_fft_filter<float, float> multichannel_fft_filter_fff;
typedef multichannel_fft_filter<gr_complex, float> multichannel_fft_filter_ccf;
typedef multichannel_fft_filter<gr_complex, gr_complex> multichannel_fft_filter_ccc;

} // namespace oaconv
} // namespace gr

#endif
