/* json_items: lists taken apart are the lists that they are as a whole. */
#include <string.h>

#include "lib/json_items.h"
#include "tap.h"

/* "REST|ITEM|ITEM", or "!" where something is malformed. */
static void
is(const char *text, const char *want, const char *what)
{
	struct json_items items;
	struct fault f = { 0 };
	struct buf b;
	cJSON *v = json_parse_list(text, strlen(text), &items, &f), *item;

	buf_init(&b, 10000);
	if (v != NULL)
		json_write(&b, v);
	while (v != NULL && (item = json_items_next(&items, &f)) != NULL) {
		buf_addc(&b, '|');
		json_write(&b, item);
		cJSON_Delete(item);
	}
	if (f.code != FAULT_NONE)
		buf_adds(&b, f.code == FAULT_INPUT ? "!" : "?");
	tap_str(buf_str(&b), want, what);
	cJSON_Delete(v);
	buf_release(&b);
}

int
main(void)
{
	is("{\"kind\":\"L\",\"items\":[{\"a\":1},{\"b\":[2,3]}],\"z\":0}",
	    "{\"kind\":\"L\",\"items\":[],\"z\":0}|{\"a\":1}|{\"b\":[2,3]}",
	    "objects");
	is(" {\n \"items\" : [ 1 ,\n\"]\\\"}\" , [ ] ,null, 2.5 ] }\n",
	    "{\"items\":[]}|1|\"]\\\"}\"|[]|null|2.5", "all sorts, and blanks");
	is("{\"items\":[]}", "{\"items\":[]}", "an empty list");
	is("{\"items\":[ ]}", "{\"items\":[]}", "an empty list with a blank");
	is("{\"items\":null}", "{\"items\":null}", "none");
	is("{\"items\":\"[1]\"}", "{\"items\":\"[1]\"}", "a string");
	is("{\"metadata\":{\"items\":[1]},\"x\":\"\\\"items\\\":[2]\",\"y\":-1e3,"
	   "\"items\":[3]}",
	    "{\"metadata\":{\"items\":[1]},\"x\":\"\\\"items\\\":[2]\","
	    "\"y\":-1000,\"items\":[]}|3",
	    "the outermost member alone");
	is("[{\"items\":[1]}]", "[{\"items\":[1]}]", "no object");
	is("{\"a\":1}", "{\"a\":1}", "no such member");
	is("", "!", "nothing");
	is("{\"items\":[1,2", "!", "cut");
	is("{\"items\":[{\"a\":\"b", "!", "cut in a string");
	is("{\"items\":[1]", "!", "cut behind the list");
	is("{\"items\":[1]}x", "!", "more behind it");
	is("{\"items\":[{\"a\":1},{\"a\":x}]}", "{\"items\":[]}|{\"a\":1}!",
	    "an item that is malformed");
	is("{\"items\":[1,]}", "{\"items\":[]}!", "a comma too many");
	is("{\"items\":[,1]}", "{\"items\":[]}!", "a comma in front");
	is("{\"items\":[1 2]}", "{\"items\":[]}!", "a comma too few");
	is("{\"items\":[{]}]}", "!", "brackets that do not match");
	is("{\"items\":[{\"a\":[1}]}]}", "!",
	    "brackets that do not match within");
	return tap_end();
}
