/*
 * The environment of a container and what a pod says about itself, without a
 * cluster: objects come from literals here.
 */
#include <string.h>

#include "k8s-noded/env.h"
#include "unit/tap.h"

static cJSON *map, *keys;

static cJSON *
parse(const char *s)
{
	return json_parse(s, strlen(s), NULL);
}

static const cJSON *
find_map(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "settings") == 0 ? map : NULL;
}

static const cJSON *
find_secret(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "keys") == 0 ? keys : NULL;
}

static const char pod_text[] =
    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u\","
    "\"labels\":{\"a/b\":\"c\",\"q\":\"\\\"\"}},"
    "\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"other\","
    "\"resources\":{\"limits\":{\"cpu\":\"250m\",\"memory\":\"1Gi\"}}}]},"
    "\"status\":{\"podIP\":\"10.0.0.7\",\"podIPs\":[{\"ip\":\"10.0.0.7\"},"
    "{\"ip\":\"fd00::7\"}]}}";

/* The environment that container's text makes, or the fault's message. */
static const char *
build(struct env *e, const char *text)
{
	static struct fault f;
	struct env_sources src = { .config_map = find_map,
		.secret = find_secret,
		.node = { 4, 8e9 } };
	cJSON *pod = parse(pod_text), *container = parse(text);
	int status;

	src.pod = pod;
	*e = (struct env){ 0 };
	f = (struct fault){ 0 };
	status = env_build(e, &src, container, &f);
	cJSON_Delete(pod);
	cJSON_Delete(container);
	return status == 0 ? "" : f.msg;
}

static void
test_expand(void)
{
	static const char *const cases[][2] = {
		{ "plain", "plain" },
		{ "$(A)", "one" },
		{ "x$(A)y$(B)z", "xoneytwoz" },
		{ "$$(A)", "$(A)" },
		{ "$$$(A)", "$one" },
		{ "$$$$(A)", "$$(A)" },
		{ "$(NONE)", "$(NONE)" },
		{ "$A ${A}", "$A ${A}" },
		{ "end$", "end$" },
		{ "$(A", "$(A" },
		{ "$()", "$()" },
		{ "$(A)$(", "one$(" },
		{ "", "" },
	};
	struct env e = { 0 };
	struct buf b;
	size_t i;

	env_set(&e, "A", "one", NULL);
	env_set(&e, "B", "2", NULL);
	env_set(&e, "B", "two", NULL);
	tap_ok(e.n == 2, "setting a variable again replaces it");
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&b);
		env_expand(&b, cases[i][0], &e);
		tap_str(buf_str(&b), cases[i][1], cases[i][0]);
	}
	buf_release(&b);
	env_release(&e);
}

static void
test_build(void)
{
	struct env e;

	tap_str(
	    build(&e,
		"{\"envFrom\":[{\"prefix\":\"P_\",\"configMapRef\":"
		"{\"name\":\"settings\"}},{\"secretRef\":{\"name\":\"keys\"}},"
		"{\"configMapRef\":{\"name\":\"no\",\"optional\":true}}],"
		"\"env\":[{\"name\":\"V\",\"value\":\"$(P_color) $(K)\"},"
		"{\"name\":\"K\",\"value\":\"late\"},"
		"{\"name\":\"S\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
		"\"keys\",\"key\":\"pw\"}}},"
		"{\"name\":\"O\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":"
		"\"settings\",\"key\":\"no\",\"optional\":true}}},"
		"{\"name\":\"L\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
		"\"metadata.labels['a/b']\"}}},"
		"{\"name\":\"IPS\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
		"\"status.podIPs\"}}},"
		"{\"name\":\"C\",\"valueFrom\":{\"resourceFieldRef\":"
		"{\"containerName\":\"other\",\"resource\":\"limits.cpu\"}}},"
		"{\"name\":\"M\",\"valueFrom\":{\"resourceFieldRef\":"
		"{\"resource\":\"limits.memory\",\"divisor\":\"1M\"}}}]}"),
	    "", "everything is found");
	tap_str(env_get(&e, "P_color"), "blue", "envFrom with a prefix");
	tap_str(env_get(&e, "V"), "blue $(K)", "only earlier names expand");
	tap_str(env_get(&e, "S"), "sesame", "secretKeyRef is decoded");
	tap_str(env_get(&e, "pw"), "sesame", "envFrom of a Secret");
	tap_ok(env_get(&e, "O") == NULL, "an optional key that is missing");
	tap_ok(env_get(&e, "P_1bad") != NULL && env_get(&e, "a b") == NULL,
	    "names that cannot be are left out");
	tap_ok(env_get(&e, "P_bin") == NULL, "binaryData is for files only");
	tap_str(env_get(&e, "L"), "c", "a label");
	tap_str(env_get(&e, "IPS"), "10.0.0.7,fd00::7", "all addresses");
	tap_str(env_get(&e, "C"), "1", "a part of a core is rounded up");
	tap_str(env_get(&e, "M"), "8000", "no limit: what the node has");
	env_release(&e);
}

static void
test_faults(void)
{
	static const char *const cases[][2] = {
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"secretKeyRef\":"
		  "{\"name\":\"keys\",\"key\":\"k\"}}}]}",
		    "couldn't find key k in Secret ns/keys" },
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"configMapKeyRef\":"
		  "{\"name\":\"settings\",\"key\":\"k\"}}}]}",
		    "couldn't find key k in ConfigMap ns/settings" },
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"configMapKeyRef\":"
		  "{\"name\":\"settings\",\"key\":\"bin\"}}}]}",
		    "couldn't find key bin in ConfigMap ns/settings" },
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"configMapKeyRef\":"
		  "{\"name\":\"no\",\"key\":\"k\"}}}]}",
		    "configmap \"no\" not found" },
		{ "{\"envFrom\":[{\"secretRef\":{\"name\":\"no\"}}]}",
		    "secret \"no\" not found" },
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"fieldRef\":"
		  "{\"fieldPath\":\"spec.colour\"}}}]}",
		    "unsupported pod fieldPath: spec.colour" },
		{ "{\"env\":[{\"name\":\"X\",\"valueFrom\":{\"resourceFieldRef\":"
		  "{\"resource\":\"limits.time\"}}}]}",
		    "unsupported container resource: limits.time" },
		{ "{\"env\":[{\"name\":\"X=Y\",\"value\":\"z\"}]}",
		    "env: malformed name" },
	};
	struct env e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tap_str(build(&e, cases[i][0]), cases[i][1], cases[i][1]);
		env_release(&e);
	}
}

static void
test_service(void)
{
	struct env e = { 0 };
	cJSON *s = parse("{\"metadata\":{\"name\":\"redis-main\"},\"spec\":"
			 "{\"clusterIP\":\"10.96.0.9\",\"ports\":[{\"name\":"
			 "\"db\",\"port\":6379,\"protocol\":\"TCP\"},"
			 "{\"port\":53,\"protocol\":\"UDP\"}]}}");
	cJSON *headless = parse("{\"metadata\":{\"name\":\"h\"},\"spec\":"
				"{\"clusterIP\":\"None\"}}");

	env_service(&e, s, NULL);
	tap_str(env_get(&e, "REDIS_MAIN_SERVICE_HOST"), "10.96.0.9", "host");
	tap_str(env_get(&e, "REDIS_MAIN_SERVICE_PORT"), "6379", "first port");
	tap_str(env_get(&e, "REDIS_MAIN_SERVICE_PORT_DB"), "6379", "by name");
	tap_str(env_get(&e, "REDIS_MAIN_PORT"), "tcp://10.96.0.9:6379", "url");
	tap_str(env_get(&e, "REDIS_MAIN_PORT_53_UDP_PROTO"), "udp", "docker's");
	s->next = NULL;
	cJSON_Delete(s);
	env_release(&e);
	env_service(&e, headless, NULL);
	tap_ok(e.n == 0, "a headless service has no variables");
	cJSON_Delete(headless);
	env_release(&e);
}

int
main(void)
{
	map = parse("{\"kind\":\"ConfigMap\",\"data\":{\"color\":\"blue\","
		    "\"1bad\":\"x\",\"a b\":\"y\"},"
		    "\"binaryData\":{\"bin\":\"AAEC\"}}");
	keys = parse("{\"kind\":\"Secret\",\"data\":{\"pw\":\"c2VzYW1l\"}}");
	test_expand();
	test_build();
	test_faults();
	test_service();
	cJSON_Delete(map);
	cJSON_Delete(keys);
	return tap_end();
}
