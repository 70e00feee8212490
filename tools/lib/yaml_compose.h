/*
 * Composing values from libyaml's events.  For yaml.c alone.
 */
#ifndef YAML_COMPOSE_H
#define YAML_COMPOSE_H

#include <yaml.h>

#include "fault.h"
#include "json.h"
#include "yaml_table.h"

struct yaml_reader {
	yaml_parser_t parser;
	size_t nodes;
	struct yaml_table anchors;
	cJSON *dead; /* array: out of the tree, but anchors may point there */
	struct fault *f;
};

/* The next event, which the caller ends: 0, or -1 with "line L: reason". */
int yaml_next(struct yaml_reader *r, yaml_event_t *ev);

/*
 * The value that starts with ev, which is ended here, depth values deep.
 * Owned by the caller; NULL with r's fault filled.
 */
cJSON *yaml_compose(struct yaml_reader *r, yaml_event_t *ev, unsigned depth);

/* The line that an event starts on, from 1. */
unsigned long yaml_line(const yaml_event_t *ev);

#endif
