/* SPDX-License-Identifier: GPL-3.0-or-later
 * The defining sum in double precision, written apart from the library. */
#include "oracle.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* y += x [n] convolved with h; y starts at the first sample of x. */
static void accumulate(oaconv_type type, const float *x, size_t n, const oaconv_row *h, double *y)
{
    const size_t width = sample_width(type);
    const float *taps = h->taps;
    for (size_t k = 0; k < h->n_taps; k++) {
        double *to = y + k * width;
        if (type == OAC_COMPLEX) {
            const double re = taps[2 * k], im = taps[2 * k + 1];
            for (size_t t = 0; t < n; t++) {
                to[2 * t] += re * x[2 * t] - im * x[2 * t + 1];
                to[2 * t + 1] += re * x[2 * t + 1] + im * x[2 * t];
            }
        } else {
            const double tap = taps[k];
            for (size_t i = 0; i < n * width; i++)
                to[i] += tap * x[i];
        }
    }
}

static double magnitude(const float *values, size_t i, size_t width)
{
    return width == 1 ? fabs((double)values[i]) : hypot(values[2 * i], values[2 * i + 1]);
}

static double sum_of_magnitudes(const oaconv_row *h, size_t width)
{
    double sum = 0;
    for (size_t k = 0; k < h->n_taps; k++)
        sum += magnitude(h->taps, k, width);
    return sum;
}

static double largest_magnitude(const float *x, size_t n, size_t width)
{
    double largest = 0;
    for (size_t t = 0; t < n; t++)
        largest = fmax(largest, magnitude(x, t, width));
    return largest;
}

static void add_epoch(struct answer *answer,
                      oaconv_type type,
                      const struct signal *x,
                      const struct epoch *epochs,
                      size_t e)
{
    const size_t begin = epochs[e].since;
    const size_t end = e + 1 < answer->n_epochs ? epochs[e + 1].since : x->n;
    for (size_t m = 0; m < x->n_channels; m++) {
        const oaconv_row *h = taps_row(&epochs[e].taps, m);
        const float *samples = x->samples + m * x->n * x->width;
        double *y = answer->y + (m * answer->length + begin) * x->width;
        accumulate(type, samples + begin * x->width, end - begin, h, y);
        answer->norm[m * answer->n_epochs + e] =
            sum_of_magnitudes(h, tap_width(type)) * largest_magnitude(samples, x->n, x->width);
    }
}

void answer_init(struct answer *answer,
                 oaconv_type type,
                 const struct signal *x,
                 const struct epoch *epochs,
                 size_t n_epochs)
{
    *answer = (struct answer){.n_channels = x->n_channels, .width = x->width, .n_epochs = n_epochs};
    for (size_t e = 0; e < n_epochs; e++) {
        const size_t last = e + 1 < n_epochs ? epochs[e + 1].since : x->n;
        answer->begin[e] = epochs[e].since;
        answer->end[e] = last + taps_longest(&epochs[e].taps) - 1;
        if (answer->end[e] > answer->length)
            answer->length = answer->end[e];
    }
    answer->y = allocate(x->n_channels * answer->length * x->width, sizeof *answer->y);
    answer->norm = allocate(x->n_channels * n_epochs, sizeof *answer->norm);
    for (size_t e = 0; e < n_epochs; e++)
        add_epoch(answer, type, x, epochs, e);
}

static size_t divide_up(size_t a, size_t b)
{
    return a / b + (a % b > 0);
}

void answer_decimate(struct answer *answer, size_t decimation)
{
    const size_t width = answer->width, kept = divide_up(answer->length, decimation);
    for (size_t m = 0; m < answer->n_channels; m++)
        for (size_t t = 0; t < kept; t++)
            for (size_t part = 0; part < width; part++)
                answer->y[(m * kept + t) * width + part] =
                    answer->y[(m * answer->length + t * decimation) * width + part];
    for (size_t e = 0; e < answer->n_epochs; e++) {
        answer->begin[e] = divide_up(answer->begin[e], decimation);
        answer->end[e] = divide_up(answer->end[e], decimation);
    }
    answer->length = kept;
}

void answer_free(struct answer *answer)
{
    free(answer->y);
    free(answer->norm);
}

double answer_bound(const struct answer *answer, size_t m, size_t t, const size_t *n_fft)
{
    double bound = 0;
    for (size_t e = 0; e < answer->n_epochs; e++)
        if (t >= answer->begin[e] && t < answer->end[e])
            bound +=
                log2(n_fft[e] > 2 ? (double)n_fft[e] : 2) * answer->norm[m * answer->n_epochs + e];
    return FLT_EPSILON * bound;
}

/* The larger of both, where NaN is larger than all. */
static double worse(double a, double b)
{
    return isnan(b) ? INFINITY : fmax(a, b);
}

double
answer_compare(const struct answer *answer, const struct signal *y, size_t n, const size_t *n_fft)
{
    const size_t width = answer->width;
    double worst = 0;
    for (size_t m = 0; m < answer->n_channels; m++) {
        const double *expected = answer->y + m * answer->length * width;
        const float *actual = y->samples + m * y->n * width;
        for (size_t t = 0; t < n; t++) {
            const size_t i = t * width;
            const double error =
                width == 1 ? fabs(actual[i] - expected[i])
                           : hypot(actual[i] - expected[i], actual[i + 1] - expected[i + 1]);
            worst = worse(worst, error / answer_bound(answer, m, t, n_fft));
        }
    }
    return worst;
}

double answer_compare_both(const struct answer *answer,
                           const struct signal *a,
                           const size_t *a_n_fft,
                           const struct signal *b,
                           const size_t *b_n_fft)
{
    const size_t width = answer->width;
    double worst = 0;
    for (size_t m = 0; m < answer->n_channels; m++)
        for (size_t t = 0; t < answer->length; t++) {
            const float *p = a->samples + (m * a->n + t) * width;
            const float *q = b->samples + (m * b->n + t) * width;
            const double difference = width == 1 ? fabs((double)p[0] - q[0])
                                                 : hypot((double)p[0] - q[0], (double)p[1] - q[1]);
            const double bound =
                answer_bound(answer, m, t, a_n_fft) + answer_bound(answer, m, t, b_n_fft);
            worst = worse(worst, difference / bound);
        }
    return worst;
}
