/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "simd": a segment on its way into the kernel and out of it. */
#include "backends/simd/simd.h"

#include <string.h>

/* Whether a kernel can write a segment in place, and, without decimation, read it. */
static bool is_whole(const struct simd *s, const struct piece *p)
{
    return p->n_out % WHOLE == 0 && (s->plan.n_partitions == 1 || p->n_out == s->plan.segment);
}

void oac_simd_bring_in(const struct simd *s, const struct scratch *w, const struct piece *p)
{
    if (is_whole(s, p))
        return;
    const size_t n = p->n * s->width, end = oac_least(whole(p->n), s->plan.n_fft) * s->width;
    memcpy(w->in, p->in, n * sizeof *w->in);
    memset(w->in + n, 0, (end - n) * sizeof *w->in);
}

struct simd_block oac_simd_open_block(const struct simd *s,
                                      const struct scratch *w,
                                      const struct channel *c,
                                      const struct piece *p)
{
    struct simd_block block = {.in = p->in,
                               .n_in = p->n,
                               .out = p->out,
                               .n_out = p->n_out,
                               .tail_in = c->tail,
                               .tail_out = c->next_tail,
                               .n_tail = s->tail_room};
    if (!is_whole(s, p)) {
        block.in = w->in;
        block.n_in = oac_least(whole(p->n), s->plan.n_fft);
        block.out = w->out;
        block.n_out = s->plan.n_fft;
    }
    return block;
}

void oac_simd_close_block(const struct simd *s,
                          const struct scratch *w,
                          struct channel *c,
                          const struct piece *p)
{
    const size_t bytes = s->width * sizeof(float);
    if (!is_whole(s, p)) {
        memcpy(p->out, w->out, p->n_out * bytes);
        memcpy(c->next_tail, w->out + p->n_out * s->width, owed_after(s, p->n_out) * bytes);
    } else {
        /* Nothing but the rounding of zeros; a NaN must not come through here. */
        memset(c->next_tail + s->n_tail * s->width, 0, (s->tail_room - s->n_tail) * bytes);
    }
    float *tail = c->tail;
    c->tail = c->next_tail;
    c->next_tail = tail;
    c->n_last = p->n_out;
}
