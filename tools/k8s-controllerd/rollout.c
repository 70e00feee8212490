/*
 * The arithmetic of rolling updates: see rollout.h.
 */
#include "k8s-controllerd/rollout.h"

#include <stdlib.h>
#include <string.h>

static long
least(long a, long b)
{
	return a < b ? a : b;
}

long
rollout_share(const cJSON *v, const char *otherwise, long total, int round_up)
{
	const char *s = cJSON_GetStringValue(v);
	long n;

	if (cJSON_IsNumber(v))
		return (long)v->valuedouble;
	if (s == NULL)
		s = otherwise;
	n = strtol(s, NULL, 10);
	if (strchr(s, '%') == NULL)
		return n;
	return (n * total + (round_up ? 99 : 0)) / 100;
}

void
rollout_limits(struct rollout *r, const cJSON *deployment)
{
	const cJSON *how =
	    json_at(deployment, "spec", "strategy", "rollingUpdate", NULL);
	const cJSON *n = json_at(deployment, "spec", "replicas", NULL);

	r->replicas = cJSON_IsNumber(n) ? (long)n->valuedouble : 1;
	r->max_surge = rollout_share(
	    json_at(how, "maxSurge", NULL), "25%", r->replicas, 1);
	r->max_unavailable = rollout_share(
	    json_at(how, "maxUnavailable", NULL), "25%", r->replicas, 0);
	if (r->max_surge <= 0 && r->max_unavailable <= 0)
		r->max_unavailable = 1;
	r->max_unavailable = least(r->max_unavailable, r->replicas);
}

long
rollout_grow(const struct rollout *r, long new_replicas, long total)
{
	long room = r->replicas + r->max_surge - total;

	if (new_replicas > r->replicas)
		return r->replicas;
	if (room <= 0)
		return new_replicas;
	return new_replicas + least(room, r->replicas - new_replicas);
}

/* Takes up to room pods that are not available from the old sets. */
static long
drop_unhealthy(struct rollout_set *old, size_t n, long room)
{
	long down, done = 0;
	size_t i;

	for (i = 0; i < n && done < room; i++) {
		down = old[i].replicas - old[i].available;
		down = least(down, room - done);
		if (down <= 0)
			continue;
		old[i].replicas -= down;
		done += down;
	}
	return done;
}

int
rollout_shrink(const struct rollout *r, const struct rollout_set *fresh,
    struct rollout_set *old, size_t n)
{
	long all = fresh->replicas, available = fresh->available;
	long minimum = r->replicas - r->max_unavailable, room, down, done = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		all += old[i].replicas;
		available += old[i].available;
	}
	room = all - minimum - (fresh->replicas - fresh->available);
	if (all == fresh->replicas || room <= 0)
		return 0;
	done = drop_unhealthy(old, n, room);
	room = available - minimum;
	for (i = 0; i < n && room > 0; i++) {
		down = least(old[i].replicas, room);
		old[i].replicas -= down;
		room -= down;
		done += down;
	}
	return done > 0;
}
