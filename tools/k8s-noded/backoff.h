/*
 * Delays that double from one failure to the next.
 */
#ifndef NODED_BACKOFF_H
#define NODED_BACKOFF_H

/* Zero-initialise. */
struct backoff {
	double delay_ms; /* of the next failure; 0: there was none yet */
	double until_ms; /* when the last delay ends, as the caller's clock */
};

/*
 * The delay after a failure at now_ms: 0 after the first, then initial,
 * doubled each time up to max; from the begin again when the last delay ended
 * longer than 2 * max ago (client-go's flowcontrol.Backoff).
 */
double backoff_next(
    struct backoff *b, double now_ms, double initial_ms, double max_ms);

#endif
