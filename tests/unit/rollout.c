/* Rolling updates: limits, growing, shrinking, and whole roll-outs. */
#include "k8s-controllerd/rollout.h"

#include "json_quote.h"
#include "tap.h"

static const struct {
	const char *spec;
	long replicas, surge, unavailable;
} limits[] = {
	{ "{'spec':{}}", 1, 1, 0 },
	{ "{'spec':{'replicas':10}}", 10, 3, 2 },
	{ "{'spec':{'replicas':0}}", 0, 0, 0 },
	{ "{'spec':{'replicas':3,'strategy':{'rollingUpdate':{'maxSurge':0,"
	  "'maxUnavailable':2}}}}",
	    3, 0, 2 },
	{ "{'spec':{'replicas':3,'strategy':{'rollingUpdate':{'maxSurge':0,"
	  "'maxUnavailable':0}}}}",
	    3, 0, 1 },
	{ "{'spec':{'replicas':4,'strategy':{'rollingUpdate':{'maxSurge':"
	  "'100%','maxUnavailable':'50%'}}}}",
	    4, 4, 2 },
	{ "{'spec':{'replicas':2,'strategy':{'rollingUpdate':{"
	  "'maxUnavailable':9}}}}",
	    2, 1, 2 },
};

static void
test_limits(void)
{
	struct rollout r;
	cJSON *d;
	size_t i;

	for (i = 0; i < sizeof limits / sizeof *limits; i++) {
		d = json(limits[i].spec);
		rollout_limits(&r, d);
		tap_ok(r.replicas == limits[i].replicas &&
			   r.max_surge == limits[i].surge &&
			   r.max_unavailable == limits[i].unavailable,
		    "%s: %ld +%ld -%ld", limits[i].spec, r.replicas,
		    r.max_surge, r.max_unavailable);
		cJSON_Delete(d);
	}
}

static void
test_grow(void)
{
	struct rollout r = { 3, 1, 0 };

	tap_ok(rollout_grow(&r, 0, 0) == 3, "a first set is made in full");
	tap_ok(rollout_grow(&r, 0, 3) == 1, "beside others by the surge");
	tap_ok(rollout_grow(&r, 1, 4) == 1, "no further without room");
	tap_ok(rollout_grow(&r, 1, 3) == 2, "further with room");
	tap_ok(rollout_grow(&r, 5, 5) == 3, "and back when less is asked for");
}

static void
test_shrink(void)
{
	struct rollout r = { 3, 1, 0 };
	struct rollout_set fresh = { 1, 0 }, old[2] = { { 3, 3 }, { 0, 0 } };

	tap_ok(!rollout_shrink(&r, &fresh, old, 2) && old[0].replicas == 3,
	    "nothing goes before the new pod is available");
	fresh.available = 1;
	tap_ok(rollout_shrink(&r, &fresh, old, 2) && old[0].replicas == 2,
	    "then one goes");
	old[0].replicas = 3;
	old[0].available = 1;
	fresh.replicas = fresh.available = 3;
	tap_ok(rollout_shrink(&r, &fresh, old, 2) && old[0].replicas == 0,
	    "pods that are not available go first, then the others");
	tap_ok(!rollout_shrink(&r, &fresh, old, 0), "no old sets");
}

/*
 * Whole roll-outs: every pod gets available at once; never too few, never
 * too many, and an end.
 */
static void
test_whole(void)
{
	struct rollout_set fresh, old;
	struct rollout r;
	long total, next, steps, bad = 0;

	for (r.replicas = 0; r.replicas < 12; r.replicas++)
		for (r.max_surge = 0; r.max_surge < 4; r.max_surge++)
			for (r.max_unavailable = r.max_surge == 0;
			     r.max_unavailable <= r.replicas;
			     r.max_unavailable++) {
				fresh.replicas = fresh.available = 0;
				old.replicas = old.available = r.replicas;
				for (steps = 0; steps < 50; steps++) {
					total = fresh.replicas + old.replicas;
					next = rollout_grow(
					    &r, fresh.replicas, total);
					if (next == fresh.replicas &&
					    !rollout_shrink(
						&r, &fresh, &old, 1))
						break;
					fresh.replicas = fresh.available = next;
					old.available = old.replicas;
					total = fresh.replicas + old.replicas;
					bad += total > r.replicas + r.max_surge;
					bad += total <
					       r.replicas - r.max_unavailable;
				}
				bad += fresh.replicas != r.replicas ||
				       old.replicas != 0;
			}
	tap_ok(bad == 0, "roll-outs keep their limits and come to an end");
}

int
main(void)
{
	test_limits();
	test_grow();
	test_shrink();
	test_whole();
	return tap_end();
}
