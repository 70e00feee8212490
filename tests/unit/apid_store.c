/*
 * The store of k8s-apid: order, versions, watches and the reach of history.
 */
#include "k8s-apid/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static char seen[4096];
static struct store_watch *extra;
static struct store *store;

static void
note(void *arg, const struct event *e)
{
	static const char letters[] = "AMD";
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof seen - n, "%c%lu:%s%s ", letters[e->kind],
	    (unsigned long)e->rv, e->object->key, e->old != NULL ? "*" : "");
}

/* Unsubscribes another watch while events are delivered. */
static void
note_once(void *arg, const struct event *e)
{
	note(arg, e);
	if (extra != NULL)
		store_unwatch(store, 0, extra);
	extra = NULL;
}

static cJSON *
thing(const char *text)
{
	return json_parse(text, strlen(text), NULL);
}

static struct object *
put(const char *key, int n)
{
	char s[64];

	snprintf(s, sizeof s, "{\"n\":%d}", n);
	return store_put(store, 0, key, thing(s), NULL);
}

static void
keys(const char *ns, const char *after, char *out, size_t size)
{
	struct object *const *v;
	size_t n = store_list(store, 0, ns, after, &v), i, used = 0;

	out[0] = '\0';
	for (i = 0; i < n; i++)
		used +=
		    (size_t)snprintf(out + used, size - used, "%s ", v[i]->key);
}

static void
test_order(void)
{
	char s[256];

	put("b/x", 1);
	put("a/y", 1);
	put("a-b/z", 1);
	put("a/a", 1);
	keys(NULL, NULL, s, sizeof s);
	tap_str(s, "a-b/z a/a a/y b/x ", "all, by key");
	keys("a", NULL, s, sizeof s);
	tap_str(s, "a/a a/y ", "one namespace, not its longer neighbour");
	keys("a", "a/a", s, sizeof s);
	tap_str(s, "a/y ", "behind a key");
	keys("a", "a/b", s, sizeof s);
	tap_str(s, "a/y ", "behind a key that is gone");
	keys("c", NULL, s, sizeof s);
	tap_str(s, "", "a namespace without any");
	tap_ok(store_get(store, 0, "a/z") == NULL, "what is not there");
}

static void
test_versions(void)
{
	struct object *o = put("b/x", 2), *old = object_hold(o), *last;
	struct fault f;

	tap_str(object_text(o),
	    "{\"n\":2,\"metadata\":{\"resourceVersion\":\"5\"}}",
	    "a version carries its number");
	put("b/x", 3);
	tap_ok(old->value == NULL, "an old version keeps its text alone");
	tap_ok(
	    json_num(object_value(old), "n", 0) == 2, "and can be read again");
	object_drop(old);
	tap_ok(store_delete(store, 0, "b/x", &last, &f) == 0 && last->rv == 7 &&
		   store_version(store) == 7,
	    "a removal is a version too");
	object_drop(last);
	tap_ok(store_delete(store, 0, "b/x", NULL, &f) == -1,
	    "a second one fails");
}

static void
test_watches(void)
{
	struct store_watch *w;

	seen[0] = '\0';
	tap_ok(store_replay(store, 0, 4, note, NULL) == 0, "replay");
	tap_str(seen, "M5:b/x* M6:b/x* D7:b/x* ", "what happened since");
	seen[0] = '\0';
	extra = store_watch(store, 0, note, NULL);
	w = store_watch(store, 0, note_once, NULL);
	put("q", 1);
	tap_str(seen, "A8:q ",
	    "a watch that is ended by another hears nothing more");
	store_unwatch(store, 0, w);
	put("q", 2);
	tap_str(seen, "A8:q ", "nor one that has ended itself");
}

static void
test_reach(void)
{
	uint64_t before = store_version(store);
	int i;

	for (i = 0; i < STORE_HISTORY + 1; i++)
		put("q", i);
	tap_ok(store_replay(store, 0, before, note, NULL) == -1,
	    "history has an end");
	seen[0] = '\0';
	tap_ok(
	    store_replay(store, 0, store_version(store) - 1, note, NULL) == 0 &&
		strlen(seen) > 0,
	    "what is in reach can be had");
	tap_ok(store_replay(store, 1, 1, note, NULL) == 0,
	    "another kind has its own history");
}

int
main(void)
{
	struct fault f;

	store = store_new(2, &f);
	if (store == NULL)
		return 1;
	test_order();
	test_versions();
	test_watches();
	test_reach();
	store_free(store);
	return tap_end();
}
