/*
 * Streams of YAML documents: see yaml.h.  What begins as JSON is tried as a
 * stream of JSON values first, as kubectl does it.
 */
#include "yaml.h"

#include <stdlib.h>
#include <string.h>

#include "yaml_compose.h"
#include "yaml_json.h"

/* The documents of a started parser, into docs: 0 or -1. */
static int
documents(struct yaml_reader *r, struct yaml_docs *docs)
{
	yaml_event_t ev;
	int type, rc;

	for (;;) {
		unsigned long line;
		cJSON *v;

		if (yaml_next(r, &ev) != 0)
			return -1;
		type = (int)ev.type;
		line = yaml_line(&ev);
		if (type == YAML_STREAM_START_EVENT ||
		    type == YAML_DOCUMENT_START_EVENT ||
		    type == YAML_DOCUMENT_END_EVENT ||
		    type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&ev);
			if (type == YAML_STREAM_END_EVENT)
				return 0;
			continue;
		}
		free(r->anchors.v);
		r->anchors = (struct yaml_table){ 0 };
		v = yaml_compose(r, &ev, 0);
		rc = v == NULL ? -1 : yaml_docs_add(docs, v, line, r->f);
		if (rc != 0)
			return -1;
	}
}

static int
read_yaml(const char *text, size_t len, struct yaml_docs *docs, struct fault *f)
{
	struct yaml_reader r = { .f = f, .dead = cJSON_CreateArray() };
	int rc;

	if (r.dead == NULL || !yaml_parser_initialize(&r.parser)) {
		cJSON_Delete(r.dead);
		return fault_nomem(f);
	}
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)text, len);
	rc = documents(&r, docs);
	yaml_parser_delete(&r.parser);
	free(r.anchors.v);
	cJSON_Delete(r.dead);
	return rc;
}

int
yaml_read(const char *text, size_t len, struct yaml_docs *docs, struct fault *f)
{
	size_t blanks = 0, values = 0;
	struct fault json = { 0 };
	int rc = 0;

	*docs = (struct yaml_docs){ 0 };
	while (blanks < len && strchr(" \t\r\n", text[blanks]) != NULL)
		blanks++;
	/* cJSON ends a string at a zero byte, the YAML reader refuses it */
	if (blanks < len && (text[blanks] == '{' || text[blanks] == '[') &&
	    memmem(text, len, "\\u0000", 6) == NULL)
		rc = yaml_json(text, len, docs, &values, &json);
	if (rc == 1)
		return 0;
	if (rc == 0 && read_yaml(text, len, docs, f) == 0)
		return 0;
	/* several JSON values, one of them broken: YAML's reason misleads */
	if ((rc == -1 || values > 0) && f != NULL)
		*f = json;
	yaml_docs_release(docs);
	return -1;
}

void
yaml_docs_release(struct yaml_docs *docs)
{
	size_t i;

	for (i = 0; i < docs->n; i++)
		cJSON_Delete(docs->v[i].value);
	free(docs->v);
	*docs = (struct yaml_docs){ 0 };
}
