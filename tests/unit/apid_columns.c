/*
 * What kubectl get shows: the cells of k8s-apid's tables.
 */
#include "k8s-apid/columns.h"

#include <stdio.h>

#include "k8s-apid/table.h"
#include "tap.h"

/* All cells of an object but the last (its age), with '|' between. */
static void
cells(const char *group, const char *plural, const char *text, const char *want)
{
	const struct type *t = type_named(group, plural);
	cJSON *v = json_parse(text, strlen(text), NULL);
	const struct column *c;
	struct buf b, cell;

	buf_init(&b, 4096);
	buf_init(&cell, 4096);
	for (c = columns_of(t); c->name != NULL && !c->wide; c++) {
		if (strcmp(c->name, "Age") == 0)
			continue;
		buf_clear(&cell);
		column_show(c, v, &cell);
		buf_addf(&b, "%s%s", b.len > 0 ? "|" : "", buf_str(&cell));
	}
	tap_str(buf_str(&b), want, want);
	buf_release(&b);
	buf_release(&cell);
	cJSON_Delete(v);
}

#define POD(spec, status)                                                      \
	"{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{},{}]" spec \
	"},\"status\":{" status "}}"

static void
test_pods(void)
{
	cells("", "pods", POD("", "\"phase\":\"Pending\""), "p|0/2|Pending|0");
	cells("", "pods",
	    POD("", "\"phase\":\"Running\",\"containerStatuses\":[{\"ready\":"
		    "true,\"restartCount\":2,\"state\":{\"running\":{}}},{"
		    "\"ready\":false,\"state\":{\"waiting\":{\"reason\":"
		    "\"CrashLoopBackOff\"}}}]"),
	    "p|1/2|CrashLoopBackOff|2");
	cells("", "pods",
	    POD("", "\"phase\":\"Failed\",\"containerStatuses\":[{\"state\":{"
		    "\"terminated\":{\"exitCode\":3}}}]"),
	    "p|0/2|ExitCode:3|0");
	cells("", "pods",
	    POD(",\"initContainers\":[{},{}]",
		"\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":"
		"{\"terminated\":{\"exitCode\":0}}},{\"state\":{\"running\":"
		"{}}}]"),
	    "p|0/2|Init:1/2|0");
	cells("", "pods",
	    POD(",\"initContainers\":[{}]",
		"\"phase\":\"Pending\",\"initContainerStatuses\":[{\"state\":"
		"{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}}}]"),
	    "p|0/2|Init:Error|0");
	cells("", "pods",
	    "{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":\"x\"},"
	    "\"status\":{\"phase\":\"Running\"}}",
	    "p|0/0|Terminating|0");
}

static void
test_others(void)
{
	cells("apps", "deployments",
	    "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3},"
	    "\"status\":{\"readyReplicas\":1,\"updatedReplicas\":2}}",
	    "d|1/3|2|0");
	cells("batch", "jobs",
	    "{\"metadata\":{\"name\":\"j\"},\"spec\":{\"completions\":2},"
	    "\"status\":{\"succeeded\":2,\"startTime\":"
	    "\"2024-01-01T00:00:00Z\",\"completionTime\":"
	    "\"2024-01-01T00:03:10Z\",\"conditions\":[{\"type\":"
	    "\"Complete\",\"status\":\"True\"}]}}",
	    "j|Complete|2/2|3m10s");
	cells("", "services",
	    "{\"metadata\":{\"name\":\"s\"},\"spec\":{\"type\":\"ClusterIP\","
	    "\"clusterIP\":\"10.96.0.9\",\"ports\":[{\"port\":80},{\"port\":"
	    "53,\"protocol\":\"UDP\"}]}}",
	    "s|ClusterIP|10.96.0.9|<none>|80/TCP,53/UDP");
	cells("", "endpoints",
	    "{\"metadata\":{\"name\":\"e\"},\"subsets\":[{\"addresses\":[{"
	    "\"ip\":\"1.1.1.1\"},{\"ip\":\"1.1.1.2\"}],\"ports\":[{\"port\":"
	    "1},{\"port\":2}]}]}",
	    "e|1.1.1.1:1,1.1.1.1:2,1.1.1.2:1 + 1 more...");
	cells("", "nodes",
	    "{\"metadata\":{\"name\":\"n\"},\"status\":{\"conditions\":[{"
	    "\"type\":\"Ready\",\"status\":\"False\"}]},\"spec\":{"
	    "\"unschedulable\":true}}",
	    "n|NotReady,SchedulingDisabled|<none>|<unknown>");
	cells("", "events",
	    "{\"metadata\":{\"name\":\"x\"},\"type\":\"Normal\",\"reason\":"
	    "\"R\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\"},"
	    "\"message\":\"a\\nb\"}",
	    "<unknown>|Normal|R|pod/p|a b");
	cells("", "secrets",
	    "{\"metadata\":{\"name\":\"s\"},\"type\":\"Opaque\",\"data\":{"
	    "\"a\":\"\",\"b\":\"\"}}",
	    "s|Opaque|2");
}

static void
test_durations(void)
{
	static const struct {
		double s;
		const char *text;
	} all[] = { { 0, "0s" }, { 119, "119s" }, { 120, "2m" },
		{ 125, "2m5s" }, { 605, "10m" }, { 10799, "179m" },
		{ 10800, "3h" }, { 12000, "3h20m" }, { 86400, "24h" },
		{ 190000, "2d4h" }, { 700000, "8d" }, { 86400.0 * 800, "2y" } };
	struct buf b;
	size_t i;

	buf_init(&b, 64);
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		buf_clear(&b);
		column_duration(all[i].s, &b);
		tap_str(buf_str(&b), all[i].text, all[i].text);
	}
	buf_release(&b);
}

static void
test_table(void)
{
	const struct type *t = type_named("", "configmaps");
	cJSON *table = table_new(t, 1), *v;
	const char *text = "{\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":"
			   "\"y\"}}";
	struct buf b;

	v = json_parse(text, strlen(text), NULL);
	buf_init(&b, 65536);
	table_add(table, t, v, TABLE_METADATA);
	json_write(&b, json_at(table, "rows", NULL));
	tap_str(buf_str(&b),
	    "[{\"cells\":[\"a\",1,\"<unknown>\"],\"object\":{\"kind\":"
	    "\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
	    "\"metadata\":{\"name\":\"a\"}}}]",
	    "a row");
	tap_ok(
	    cJSON_GetArraySize(json_at(table, "columnDefinitions", NULL)) == 3,
	    "its columns");
	buf_release(&b);
	cJSON_Delete(v);
	cJSON_Delete(table);
}

int
main(void)
{
	test_pods();
	test_others();
	test_durations();
	test_table();
	return tap_end();
}
