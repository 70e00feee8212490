/*
 * k8s-top: what the containers of running pods use of memory and CPU.  Waits
 * for the first sample of each: a metrics server takes its time.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kube_tool.h"
#include "lib/clock.h"
#include "top.h"

#define POLL_FIRST_MS 100
#define POLL_MAX_MS 2000

static const char usage[] =
    "k8s-top [--context NAME] [--kubeconfig FILE] [--optional] [-l SELECTOR]\n"
    "    [-n NAMESPACE] [-o json|table] [-t DURATION] [POD ...]";

#define OPTIONAL 500

static const struct option options[] = {
	{ "optional", no_argument, NULL, OPTIONAL },
	{ "output", required_argument, NULL, 'o' },
	{ "selector", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct kube_tool cluster;
	double timeout_ms;
};

static void
parse(int argc, char **argv, struct top *t, struct arguments *args)
{
	struct fault f = { 0 };
	int ch, rc = 0;

	while (rc == 0 &&
	       (ch = tool_getopt(argc, argv, "l:n:o:t:", options)) != -1)
		switch (ch) {
		case 'l':
			t->selector = optarg;
			break;
		case 'o':
			t->table = strcmp(optarg, "table") == 0;
			if (!t->table && strcmp(optarg, "json") != 0)
				tool_usage("-o: %s: not json or table", optarg);
			break;
		case OPTIONAL:
			t->optional = 1;
			break;
		case 't':
			rc = opt_duration("-t", optarg, &args->timeout_ms, &f);
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	t->names = (const char *const *)argv + optind;
}

static int
tell_row(struct top *t, const char *pod, const char *container, double memory,
    double cpu)
{
	if (t->told == 0)
		printf("%-45s %-20s %10s %12s\n", "POD", "CONTAINER", "CPU",
		    "MEMORY");
	printf("%-45s %-20s ", pod, container);
	/* a kubelet's first sample has no rate yet */
	if (cpu >= 0)
		printf("%9.1fm ", cpu * 1000);
	else
		printf("%10s ", "-");
	if (memory >= 0)
		printf("%9.1f MiB\n", memory / (1 << 20));
	else
		printf("%12s\n", "-");
	return ferror(stdout) ? -1 : 0;
}

int
usage_tell(struct top *t, const char *pod, const char *container, double memory,
    double cpu, const char *at, struct fault *f)
{
	struct record *r = &t->record;
	char ts[CLOCK_TS_SIZE];
	struct timespec when;

	if (container == NULL)
		container = "";
	if (t->table) {
		if (tell_row(t, pod, container, memory, cpu) != 0)
			return fault_sys(f, FAULT_UNSURE, errno, RECORD_OUTPUT);
		t->told++;
		return 0;
	}
	t->told++;
	record_begin(r, "usage");
	record_str(r, "pod", pod);
	record_str(r, "container", container);
	/* what is not known is null */
	if (memory >= 0)
		record_int(r, "memory_bytes", (long long)memory);
	else
		record_str(r, "memory_bytes", NULL);
	record_num(
	    r, "cpu_millicores", cpu >= 0 ? round(cpu * 1e6) / 1000 : NAN);
	if (at != NULL && clock_parse(at, &when) == 0)
		record_str(r, "ts", clock_format(ts, &when, 0));
	else
		record_ts(r);
	record_str(r, "source", t->source);
	return record_end(r, stdout, f);
}

/* Polls until every pod has been told or the time is up. */
static int
wait_for_all(struct top *t, double timeout_ms, struct fault *f)
{
	double end = clock_ms() + timeout_ms, wait = POLL_FIRST_MS, left_ms;

	for (;;) {
		/* anew each time: pods come and go while we wait */
		if (pods_list(t, f) != 0)
			return -1;
		if (pods_waiting(t) > 0 && samples_take(t, f) != 0)
			return -1;
		if (fflush(stdout) != 0)
			return fault_sys(f, FAULT_UNSURE, errno, RECORD_OUTPUT);
		left_ms = end - clock_ms();
		if (pods_waiting(t) == 0 || left_ms <= 0)
			return 0;
		if (loop_pause(t->loop, wait < left_ms ? wait : left_ms, f) !=
		    0)
			return -1;
		wait = wait * 2 < POLL_MAX_MS ? wait * 2 : POLL_MAX_MS;
	}
}

/* Nothing was measured, and need not be: for people, and for the run. */
static void
tell_skipped(struct top *t)
{
	struct fault f = { 0 };

	if (t->skipped.code == FAULT_NONE)
		return;
	tool_warn("%s", t->skipped.msg);
	if (t->table)
		return;
	record_begin(&t->record, "error");
	record_str(&t->record, "tool", "k8s-top");
	record_str(&t->record, "message", t->skipped.msg);
	if (record_end(&t->record, stdout, &f) != 0)
		t->status = tool_fault(&f);
}

/* What was asked for and not found. */
static void
tell_missing(struct top *t)
{
	size_t i, j;

	for (i = 0; t->skipped.code == 0 && i < t->n; i++)
		if (t->v[i].seen && !t->v[i].sampled) {
			tool_warn("%s: no sample yet%s%s", t->v[i].name,
			    t->v[i].why[0] != '\0' ? ": " : "", t->v[i].why);
			t->status = tool_worse(t->status, FAULT_UNSURE);
		}
	/* named and not there is a clear no; not sampled yet is not */
	for (i = 0; t->names[i] != NULL; i++) {
		for (j = 0; j < t->n; j++)
			if (strcmp(t->v[j].name, t->names[i]) == 0)
				break;
		if (j < t->n)
			continue;
		tool_warn("%s: no such pod running", t->names[i]);
		t->status = tool_worse(t->status, FAULT_NO);
	}
	if (t->n == 0 && t->names[0] == NULL) {
		tool_warn("namespace %s: no pods running", t->ns);
		t->status = tool_worse(t->status, FAULT_NO);
	}
}

int
main(int argc, char **argv)
{
	struct arguments args = { .timeout_ms = 30000 };
	struct top t = { 0 };
	struct fault f = { 0 };

	tool_begin("k8s-top", usage);
	record_init(&t.record);
	parse(argc, argv, &t, &args);
	kube_tool_open(&args.cluster, &t.loop, &t.kube, &t.ns);
	if (wait_for_all(&t, args.timeout_ms, &f) != 0)
		t.status = tool_fault(&f);
	else
		tell_missing(&t);
	tell_skipped(&t);
	pods_release(&t);
	record_release(&t.record);
	kube_tool_close(t.loop, t.kube);
	return tool_end(t.status);
}
