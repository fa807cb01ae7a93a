/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user of liboaconv in C: an impulse in each of two channels gives back their taps. */
#include <oaconv/oaconv.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_CHANNELS = 2, HOP = 4, N_TAPS = 3, TAIL = N_TAPS - 1 };

static void check(oaconv_status status)
{
    if (status == OAC_OK)
        return;
    fprintf(stderr, "%s: %s\n", oaconv_strerror(status), oaconv_last_error());
    exit(1);
}

/* The impulse is the last sample of a hop; out[m] receives the hop, then the tail. */
static void filter_impulse(const oaconv_config *config, float out[N_CHANNELS][HOP + TAIL])
{
    const float impulse[HOP] = {[HOP - 1] = 1.0F};
    const void *in[N_CHANNELS] = {impulse, impulse};
    void *hop[N_CHANNELS] = {out[0], out[1]};
    void *tail[N_CHANNELS] = {out[0] + HOP, out[1] + HOP};
    oaconv *filter;

    check(oaconv_create(&filter, config));
    check(oaconv_process(filter, in, hop, HOP));
    check(oaconv_finish(filter, in, hop, 0));
    check(oaconv_read_tail(filter, tail, oaconv_tail_length(filter)));
    oaconv_destroy(filter);
}

int main(void)
{
    const float taps[N_CHANNELS][N_TAPS] = {{1.0F, -2.0F, 3.0F}, {0.5F, 0.25F, -0.125F}};
    const oaconv_row rows[N_CHANNELS] = {{taps[0], N_TAPS}, {taps[1], N_TAPS}};
    float out[N_CHANNELS][HOP + TAIL];
    int wrong = 0;

    oaconv_config config;
    oaconv_config_init(&config);
    config.rows = rows;
    config.n_rows = N_CHANNELS;
    config.hop = HOP;
    filter_impulse(&config, out);

    for (int m = 0; m < N_CHANNELS; m++) {
        for (int t = 0; t < HOP + TAIL; t++) {
            const float expected = t < HOP - 1 ? 0.0F : taps[m][t - (HOP - 1)];
            wrong += !(out[m][t] > expected - 1e-5F && out[m][t] < expected + 1e-5F);
        }
    }
    printf("oaconv %s: %d samples are wrong\n", oaconv_version(), wrong);
    return wrong != 0;
}
