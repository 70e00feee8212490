/*
 * Tables: see table.h.  A kind's columns are a list of names, types and
 * functions that make the cell; kinds without a list show NAME and AGE.
 */
#include "k8s-apid/table.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/columns.h"
#include "k8s-apid/views.h"

static cJSON *
definition(const struct column *c)
{
	cJSON *v = cJSON_CreateObject();

	if (v == NULL)
		return NULL;
	json_set_str(v, "name", c->name);
	json_set_str(v, "type", c->type != NULL ? c->type : "string");
	json_set_str(v, "format", strcmp(c->name, "Name") == 0 ? "name" : "");
	json_set_str(v, "description", c->name);
	json_set_num(v, "priority", c->wide);
	return v;
}

cJSON *
table_new(const struct type *t, int headers)
{
	const struct column *c = columns_of(t);
	cJSON *v = cJSON_CreateObject(), *defs;

	json_set_str(v, "kind", "Table");
	json_set_str(v, "apiVersion", "meta.k8s.io/v1");
	json_set(v, "metadata", cJSON_CreateObject());
	defs = cJSON_AddArrayToObject(v, "columnDefinitions");
	for (; headers && defs != NULL && c->name != NULL; c++)
		cJSON_AddItemToArray(defs, definition(c));
	if (cJSON_AddArrayToObject(v, "rows") != NULL)
		return v;
	cJSON_Delete(v);
	return NULL;
}

enum table_include
table_include(const char *query)
{
	if (query != NULL && strcmp(query, "Object") == 0)
		return TABLE_OBJECT;
	return query != NULL && strcmp(query, "None") == 0 ? TABLE_NONE :
							     TABLE_METADATA;
}

/* Integers are raw text: a cell is written by one function for both. */
int
table_add(cJSON *table, const struct type *t, const cJSON *object,
    enum table_include include)
{
	const struct column *c;
	cJSON *row = cJSON_CreateObject(), *cells, *cell;
	struct buf b;

	cells = cJSON_AddArrayToObject(row, "cells");
	buf_init(&b, 1 << 16);
	for (c = columns_of(t); cells != NULL && c->name != NULL; c++) {
		buf_clear(&b);
		column_show(c, object, &b);
		if (c->type != NULL && strcmp(c->type, "integer") == 0)
			cell = cJSON_CreateRaw(b.len > 0 ? b.data : "0");
		else
			cell = cJSON_CreateString(buf_str(&b));
		cJSON_AddItemToArray(cells, cell);
	}
	buf_release(&b);
	if (include == TABLE_METADATA)
		json_set(row, "object", views_metadata(object));
	else if (include == TABLE_OBJECT) /* kubectl get --sort-by reads it */
		json_set(row, "object", cJSON_Duplicate(object, 1));
	if (cells != NULL &&
	    cJSON_AddItemToArray(json_at(table, "rows", NULL), row))
		return 0;
	cJSON_Delete(row);
	return -1;
}
