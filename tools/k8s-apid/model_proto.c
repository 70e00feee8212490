/*
 * Kubernetes' protobuf encoding read into JSON: see model.h.  kubectl's
 * create commands and Go's typed clients send it.  Decoding alone: answers
 * are JSON, which all of them accept.  What the model does not know is
 * skipped, as protobuf demands; every length is held against what is left.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/model.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/digest.h"

#define DEPTH 40                    /* messages within messages */
#define LAST_SECOND 253402300799ULL /* 9999-12-31T23:59:59Z */

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct bytes {
	const unsigned char *p;
	size_t n;
};

struct item { /* one field of a message, as it is on the wire */
	unsigned number;
	enum wire wire;
	uint64_t value; /* WIRE_VARINT, WIRE_64, WIRE_32 */
	struct bytes data;
};

static cJSON *
read_message(const struct model *m, struct bytes in, cJSON *into, int depth);

/* At most ten bytes; a longer one is malformed. */
static int
varint(struct bytes *in, uint64_t *v)
{
	unsigned shift;

	*v = 0;
	for (shift = 0; shift < 64 && in->n > 0; shift += 7) {
		unsigned char c = *in->p++;

		in->n--;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return 0;
	}
	return -1;
}

static int
fixed(struct bytes *in, size_t size, uint64_t *v)
{
	size_t i;

	if (in->n < size)
		return -1;
	for (*v = 0, i = 0; i < size; i++)
		*v |= (uint64_t)in->p[i] << (8 * i);
	in->p += size;
	in->n -= size;
	return 0;
}

/* The next field: 1, 0 at the end, -1 when it is malformed. */
static int
next_item(struct bytes *in, struct item *it)
{
	uint64_t tag, len;

	if (in->n == 0)
		return 0;
	if (varint(in, &tag) != 0 || tag >> 3 == 0 || tag >> 3 > 1 << 29)
		return -1;
	it->number = (unsigned)(tag >> 3);
	it->wire = (enum wire)(tag & 7);
	switch (it->wire) {
	case WIRE_VARINT:
		return varint(in, &it->value) == 0 ? 1 : -1;
	case WIRE_64:
		return fixed(in, 8, &it->value) == 0 ? 1 : -1;
	case WIRE_32:
		return fixed(in, 4, &it->value) == 0 ? 1 : -1;
	case WIRE_BYTES:
		if (varint(in, &len) != 0 || len > in->n)
			return -1;
		it->data = (struct bytes){ in->p, (size_t)len };
		in->p += len;
		in->n -= (size_t)len;
		return 1;
	}
	return -1;
}

/* The last field with a number: 1, 0 when there is none, -1. */
static int
find_item(struct bytes in, unsigned number, struct item *out)
{
	struct item it;
	int r, found = 0;

	while ((r = next_item(&in, &it)) == 1)
		if (it.number == number) {
			*out = it;
			found = 1;
		}
	return r < 0 ? -1 : found;
}

/* ---- values ---- */

static cJSON *
text(struct bytes s)
{
	char *z = strndup(s.n > 0 ? (const char *)s.p : "", s.n);
	cJSON *v = z != NULL ? cJSON_CreateString(z) : NULL;

	free(z);
	return v;
}

static cJSON *
base64(struct bytes s)
{
	cJSON *v = NULL;
	struct buf b;

	buf_init(&b, 2 * s.n + 16);
	if (digest_base64(s.n > 0 ? s.p : (const void *)"", s.n, &b) == 0)
		v = cJSON_CreateString(buf_str(&b));
	buf_release(&b);
	return v;
}

/* Unset times come as empty messages. */
static cJSON *
timestamp(struct bytes in, int micro)
{
	struct item seconds = { 0 }, nanos = { 0 };
	char s[64];
	struct timespec ts;

	if (in.n == 0 || find_item(in, 1, &seconds) < 0 ||
	    find_item(in, 2, &nanos) < 0 || seconds.value > LAST_SECOND)
		return NULL;
	ts = (struct timespec){ .tv_sec = (time_t)seconds.value };
	clock_format(s, &ts, 1);
	if (micro) {
		size_t n = strlen(s) - 1;

		snprintf(s + n, sizeof s - n, ".%06uZ",
		    (unsigned)(nanos.value / 1000 % 1000000));
	}
	return cJSON_CreateString(s);
}

/* IntOrString: 1 says which, 2 is the integer, 3 the string. */
static cJSON *
int_or_string(struct bytes in)
{
	struct item kind = { 0 }, number = { 0 }, string = { 0 };

	if (find_item(in, 1, &kind) < 0 || find_item(in, 2, &number) < 0 ||
	    find_item(in, 3, &string) < 0)
		return NULL;
	if (kind.value == 1)
		return text(string.data);
	return cJSON_CreateNumber((double)(int32_t)number.value);
}

/* Quantity and RawExtension are messages of one field. */
static cJSON *
wrapped(struct bytes in, char type)
{
	struct item it = { 0 };

	if (find_item(in, 1, &it) != 1 || it.wire != WIRE_BYTES)
		return NULL;
	if (type == 'q')
		return text(it.data);
	return json_parse(
	    it.data.n > 0 ? (const char *)it.data.p : "", it.data.n, NULL);
}

static cJSON *
number(const struct item *it, char type)
{
	double d;

	if (type == 'f' && it->wire == WIRE_64) {
		memcpy(&d, &it->value, sizeof d);
		return cJSON_CreateNumber(d);
	}
	if (type == 'i')
		return cJSON_CreateNumber((double)(int32_t)it->value);
	return (int64_t)it->value < 0 ? json_integer(1, 0 - it->value) :
					json_integer(0, it->value);
}

/* A value of a type; NULL when it is malformed or an unset time. */
static cJSON *
read_value(const char *type, size_t len, const struct item *it, int depth)
{
	const struct model *m;

	if (len == 1 && strchr("bilf", type[0]) != NULL) {
		if (it->wire == WIRE_BYTES)
			return NULL;
		return type[0] == 'b' ? cJSON_CreateBool(it->value != 0) :
					number(it, type[0]);
	}
	if (it->wire != WIRE_BYTES)
		return NULL;
	if (len == 1)
		switch (type[0]) {
		case 's':
			return text(it->data);
		case 'y':
			return base64(it->data);
		case 't':
		case 'm':
			return timestamp(it->data, type[0] == 'm');
		case 'x':
			return int_or_string(it->data);
		default:
			return wrapped(it->data, type[0]);
		}
	m = model_find(type, len);
	return m != NULL ? read_message(m, it->data, NULL, depth + 1) : NULL;
}

/* ---- messages ---- */

/* Entries of a map are messages of a key and a value, in any order. */
static int
add_entry(
    cJSON *map, const struct model_field *f, const struct item *it, int depth)
{
	struct item key = { 0 }, value = { .wire = WIRE_BYTES };
	char name[1024];
	cJSON *v;

	if (it->wire != WIRE_BYTES || find_item(it->data, 1, &key) < 0 ||
	    find_item(it->data, 2, &value) < 0 || key.data.n >= sizeof name)
		return -1;
	snprintf(name, sizeof name, "%.*s", (int)key.data.n,
	    (const char *)key.data.p);
	v = read_value(f->type + 1, f->type_len - 2, &value, depth);
	return v != NULL ? json_set(map, name, v) : -1;
}

/* The list or map that field f collects into, made when it is missing. */
static cJSON *
collection(cJSON *object, const char *name, int list)
{
	cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	if (v != NULL || !list)
		return v != NULL ? v : json_sub(object, name);
	return cJSON_AddArrayToObject(object, name);
}

/* Values that Go leaves out of JSON (omitempty): not pointers, and empty. */
static int
is_omitted(const struct model_field *f, const cJSON *v)
{
	if (f->pointer)
		return 0;
	return cJSON_IsString(v) ? v->valuestring[0] == '\0' :
	       cJSON_IsNumber(v) ? v->valuedouble == 0 :
	       cJSON_IsBool(v)   ? cJSON_IsFalse(v) :
				   v->child == NULL;
}

/* Lists come as repeated fields, one item each time. */
static int
set_field(cJSON *object, const struct model_field *f, const struct item *it,
    int depth)
{
	char name[128];
	cJSON *v, *into;

	snprintf(name, sizeof name, "%.*s", (int)f->name_len, f->name);
	if (f->type[0] == '{' || f->type[0] == '[') {
		into = collection(object, name, f->type[0] == '[');
		if (into == NULL)
			return -1;
		if (f->type[0] == '{')
			return add_entry(into, f, it, depth);
		v = read_value(f->type + 1, f->type_len - 2, it, depth);
		return v != NULL && cJSON_AddItemToArray(into, v) ? 0 : -1;
	}
	v = read_value(f->type, f->type_len, it, depth);
	if (v == NULL) /* an unset time is no error */
		return f->type[0] == 't' || f->type[0] == 'm' ||
			       f->type[0] == 'j' ?
			   0 :
			   -1;
	if (!is_omitted(f, v))
		return json_set(object, name, v);
	cJSON_Delete(v);
	return 0;
}

/* Fields of a later version than the model's are skipped. */
static int
read_item(
    const struct model *m, cJSON *object, const struct item *it, int depth)
{
	const char *at = m->fields;
	struct model_field f = { 0 };
	const struct model *inlined;

	while (model_next(&at, &f)) {
		if (f.number != (int)it->number)
			continue;
		if (!f.inlined)
			return set_field(object, &f, it, depth);
		inlined = model_find(f.type, f.type_len);
		if (inlined == NULL || it->wire != WIRE_BYTES)
			return -1;
		return read_message(inlined, it->data, object, depth + 1) !=
			       NULL ?
			   0 :
			   -1;
	}
	return 0;
}

/* Into a new object, or into (then returned; left to the caller on -1). */
static cJSON *
read_message(const struct model *m, struct bytes in, cJSON *into, int depth)
{
	cJSON *v = into != NULL ? into : cJSON_CreateObject();
	struct item it;
	int r = -1;

	if (v != NULL && depth < DEPTH)
		while ((r = next_item(&in, &it)) == 1)
			if (read_item(m, v, &it, depth) != 0) {
				r = -1;
				break;
			}
	if (r == 0)
		return v;
	if (v != into)
		cJSON_Delete(v);
	return NULL;
}

/* The envelope says which kind is inside. */
cJSON *
model_read_protobuf(const void *p, size_t len, struct fault *f)
{
	static const struct model type_meta = { "TypeMeta",
		"apiVersion:s kind:s" };
	struct bytes in = { p, len };
	struct item meta = { 0 }, raw = { .wire = WIRE_BYTES };
	const struct model *m;
	cJSON *v = NULL, *head = NULL;
	const char *kind;

	if (len < 4 || memcmp(p, "k8s", 4) != 0) {
		fault_set(f, FAULT_INPUT, "not a Kubernetes protobuf message");
		return NULL;
	}
	in.p += 4;
	in.n -= 4;
	if (find_item(in, 1, &meta) == 1 && find_item(in, 2, &raw) >= 0)
		head = read_message(&type_meta, meta.data, NULL, 0);
	kind = json_str(head, "kind", NULL);
	m = kind != NULL ? model_find(kind, strlen(kind)) : NULL;
	if (m != NULL)
		v = read_message(m, raw.data, NULL, 0);
	if (v == NULL)
		fault_set(f, FAULT_INPUT, "malformed protobuf message of %s",
		    kind != NULL ? kind : "unknown kind");
	else if (json_set_str(v, "kind", kind) != 0 ||
		 json_set_str(v, "apiVersion",
		     json_str(head, "apiVersion", NULL)) != 0) {
		cJSON_Delete(v);
		v = NULL;
		fault_nomem(f);
	}
	cJSON_Delete(head);
	return v;
}
