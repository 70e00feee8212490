/*
 * Bodies held against the model of their kind, and protobuf read into JSON.
 */
#include "k8s-apid/model.h"

#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"
#include "tap.h"

/* Checks text as kind; got is the object, the unknown members or a refusal. */
static void
check(const struct type *t, const char *text, const char *want,
    const char *unknown, const char *what)
{
	cJSON *v = json_parse(text, strlen(text), NULL);
	struct status st = { 0 };
	struct buf names, got;

	buf_init(&names, 4096);
	buf_init(&got, 65536);
	if (model_check(t, v, &names, &st) == 0)
		json_write(&got, v);
	else
		buf_addf(&got, "%d %s", st.code, st.message);
	tap_str(buf_str(&got), want, what);
	tap_str(buf_str(&names), unknown, "  unknown members");
	buf_release(&names);
	buf_release(&got);
	status_release(&st);
	cJSON_Delete(v);
}

static void
test_check(void)
{
	const struct type *pod = type_named("", "pods");
	const struct type *map = type_named("", "configmaps");
	const struct type *deploy = type_named("apps", "deployments");

	check(map, "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"b\"}}",
	    "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"b\"}}", "", "good");
	check(map, "{\"data\":{\"a\":1}}",
	    "400 ConfigMap in version \"v1\" cannot be handled as a "
	    "ConfigMap: json: cannot unmarshal number into field data.a of "
	    "type string",
	    "", "a number for a string");
	check(map, "{\"datum\":{},\"metadata\":{\"x\":1}}", "{\"metadata\":{}}",
	    "datum\nmetadata.x\n", "unknown members go");
	check(deploy, "{\"spec\":{\"replicas\":1.5}}",
	    "400 Deployment in version \"v1\" cannot be handled as a "
	    "Deployment: json: cannot unmarshal number into field "
	    "spec.replicas of type int32",
	    "", "a fraction for an integer");
	check(deploy, "{\"spec\":{\"replicas\":3000000000}}",
	    "400 Deployment in version \"v1\" cannot be handled as a "
	    "Deployment: json: cannot unmarshal number into field "
	    "spec.replicas of type int32",
	    "", "past int32");
	check(pod,
	    "{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{"
	    "\"cpu\":0.25,\"memory\":\"1Gi\",\"x\":2}}}]}}",
	    "{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{"
	    "\"cpu\":\"250m\",\"memory\":\"1Gi\",\"x\":\"2\"}}}]}}",
	    "", "quantities become text");
	check(pod,
	    "{\"spec\":{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{},"
	    "\"nope\":1}]}}",
	    "{\"spec\":{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}}]}}",
	    "spec.volumes[0].nope\n", "inlined members are known");
	check(pod, "{\"spec\":{\"containers\":{}}}",
	    "400 Pod in version \"v1\" cannot be handled as a Pod: json: "
	    "cannot unmarshal object into field spec.containers of type list",
	    "", "an object for a list");
	check(pod, "{\"metadata\":{\"creationTimestamp\":\"yesterday\"}}",
	    "400 Pod in version \"v1\" cannot be handled as a Pod: json: "
	    "cannot unmarshal string into field metadata.creationTimestamp "
	    "of type Time",
	    "", "no time");
}

/* Every type that a field names is there, and numbers do not repeat. */
static void
test_tables(void)
{
	const struct model *const tables[] = { model_access, model_apps,
		model_core, model_meta, model_pod, model_volumes };
	const struct model *m;
	const struct type *t;
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (m = tables[i]; m->name != NULL; m++) {
			const char *at = m->fields;
			struct model_field f = { 0 };
			uint64_t numbers = 0;

			while (model_next(&at, &f)) {
				const char *s = f.type;
				size_t n = f.type_len;

				while (*s == '[' || *s == '{') {
					s++;
					n -= 2;
				}
				if (n > 1 && model_find(s, n) == NULL) {
					printf(
					    "# %s: %.*s\n", m->name, (int)n, s);
					bad++;
				}
				if (numbers >> f.number & 1) {
					printf("# %s: number %d twice\n",
					    m->name, f.number);
					bad++;
				}
				numbers |= UINT64_C(1) << f.number;
			}
		}
	for (t = types; t->plural != NULL; t++)
		bad += model_find(t->kind, strlen(t->kind)) == NULL;
	tap_ok(bad == 0, "the tables are whole");
}

/* ---- protobuf, written here by hand ---- */

static void
put_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static void
put_bytes(struct buf *b, unsigned number, const void *p, size_t n)
{
	put_varint(b, number << 3 | 2);
	put_varint(b, n);
	buf_add(b, p, n);
}

static void
put_text(struct buf *b, unsigned number, const char *s)
{
	put_bytes(b, number, s, strlen(s));
}

static void
wrap(struct buf *out, const char *version, const char *kind,
    const struct buf *raw)
{
	struct buf meta;

	buf_init(&meta, 4096);
	put_text(&meta, 1, version);
	put_text(&meta, 2, kind);
	buf_clear(out);
	buf_add(out, "k8s", 4);
	put_bytes(out, 1, meta.data, meta.len);
	put_bytes(out, 2, buf_str(raw), raw->len);
	buf_release(&meta);
}

static void
expect(const struct buf *in, const char *want, const char *what)
{
	struct fault f = { 0 };
	cJSON *v = model_read_protobuf(in->data, in->len, &f);
	struct buf got;

	buf_init(&got, 65536);
	if (v != NULL)
		json_write(&got, v);
	else
		buf_adds(&got, f.msg);
	tap_str(buf_str(&got), want, what);
	buf_release(&got);
	cJSON_Delete(v);
}

static void
test_protobuf(void)
{
	struct buf raw, part, entry, all;
	size_t i;
	int crashed = 0;

	buf_init(&raw, 65536);
	buf_init(&part, 65536);
	buf_init(&entry, 65536);
	buf_init(&all, 65536);
	put_text(&part, 1, "s");    /* metadata.name */
	put_text(&part, 2, "");     /* generateName, empty: left out */
	put_bytes(&part, 8, "", 0); /* creationTimestamp, unset */
	put_bytes(&raw, 1, part.data, part.len);
	put_text(&entry, 1, "k");
	put_text(&entry, 2, "v\x01");
	put_bytes(&raw, 2, entry.data, entry.len); /* data, a map of bytes */
	put_text(&raw, 3, "Opaque");
	put_text(&raw, 99, "of a later version");
	wrap(&all, "v1", "Secret", &raw);
	expect(&all,
	    "{\"metadata\":{\"name\":\"s\"},\"data\":{\"k\":\"dgE=\"},"
	    "\"type\":\"Opaque\",\"kind\":\"Secret\",\"apiVersion\":\"v1\"}",
	    "a Secret");
	for (i = 4; i < all.len; i++) {
		cJSON *v = model_read_protobuf(all.data, i, NULL);

		crashed += v != NULL && json_str(v, "kind", NULL) == NULL;
		cJSON_Delete(v);
	}
	tap_ok(!crashed, "cut anywhere: refused or read, nothing worse");
	wrap(&all, "v1", "Nonsense", &raw);
	expect(&all, "malformed protobuf message of Nonsense", "unknown kind");
	buf_clear(&all);
	buf_adds(&all, "k8s");
	expect(&all, "not a Kubernetes protobuf message", "too short");
	buf_clear(&raw);
	buf_clear(&part);
	put_varint(&part, 1 << 3); /* replicas: 0 behind a pointer */
	put_varint(&part, 0);
	put_bytes(&raw, 2, part.data, part.len);
	wrap(&all, "apps/v1", "Deployment", &raw);
	expect(&all,
	    "{\"spec\":{\"replicas\":0},\"kind\":\"Deployment\","
	    "\"apiVersion\":\"apps/v1\"}",
	    "a zero that was set stays");
	buf_release(&raw);
	buf_release(&part);
	buf_release(&entry);
	buf_release(&all);
}

int
main(void)
{
	test_check();
	test_tables();
	test_protobuf();
	return tap_end();
}
