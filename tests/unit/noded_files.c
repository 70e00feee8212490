/*
 * What k8s-noded writes and looks up on disk: volumes' files, logs, farms of
 * links, images; each in a temporary folder.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/farm.h"
#include "k8s-noded/image.h"
#include "k8s-noded/logs.h"
#include "k8s-noded/path.h"
#include "k8s-noded/payload.h"
#include "lib/buf.h"
#include "unit/tap.h"

static char top[PATH_MAX];

static const char *
in(const char *rest)
{
	static char path[4][PATH_MAX];
	static int turn;

	turn = (turn + 1) % 4;
	path_make(path[turn], "%s/%s", top, rest);
	return path[turn];
}

static const char *
content(const char *rest)
{
	static char text[4096];
	struct buf b;

	buf_init(&b, sizeof(text) - 1);
	if (buf_read_file(&b, in(rest), NULL) != 0) {
		buf_release(&b);
		return NULL;
	}
	memcpy(text, buf_str(&b), b.len + 1);
	buf_release(&b);
	return text;
}

static mode_t
mode(const char *rest)
{
	struct stat st;

	return stat(in(rest), &st) == 0 ? st.st_mode & 0777 : 0;
}

static void
test_payload(void)
{
	struct payload p = { 0 };
	char real[PATH_MAX];
	struct fault f;

	path_make_dirs(in("vol"), 0755);
	tap_ok(payload_add(&p, "../x", "", 0, 0644, &f) != 0 &&
		   payload_add(&p, "/x", "", 0, 0644, &f) != 0 &&
		   payload_add(&p, "a/../../x", "", 0, 0644, &f) != 0 &&
		   payload_add(&p, "..x", "", 0, 0644, &f) != 0 &&
		   payload_add(&p, "", "", 0, 0644, &f) != 0 && p.files == NULL,
	    "paths that lead out are refused");
	payload_add(&p, "a", "one", 3, 0400, &f);
	payload_add(&p, "d/e/b", "two", 3, 0644, &f);
	tap_ok(payload_write(&p, in("vol"), &f) == 1, "files are written");
	tap_str(content("vol/a"), "one", "content");
	tap_str(content("vol/d/e/b"), "two", "content in folders");
	tap_ok(mode("vol/a") == 0400 && mode("vol/d/e/b") == 0644, "modes");
	tap_ok(payload_write(&p, in("vol"), &f) == 0,
	    "the same again writes nothing");
	payload_release(&p);
	payload_add(&p, "a", "three", 5, 0400, &f);
	tap_ok(payload_write(&p, in("vol"), &f) == 1, "a change is written");
	tap_str(content("vol/a"), "three", "new content");
	tap_ok(access(in("vol/d"), F_OK) != 0, "what is gone is removed");
	payload_release(&p);
	tap_ok(payload_write(&p, in("vol"), &f) == 1 &&
		   access(in("vol/a"), F_OK) != 0,
	    "an empty set removes all");

	path_make_dirs(in("scratch"), 0755);
	tap_ok(symlink("/etc", in("scratch/out")) == 0 &&
		   payload_within(in("scratch"), "out/passwd", 0, real,
		       sizeof(real), &f) != 0,
	    "a link that leads out of a volume is refused");
	tap_ok(payload_within(
		   in("scratch"), "../vol", 0, real, sizeof(real), &f) != 0,
	    "so is ..");
	tap_ok(payload_within(
		   in("scratch"), "x/y", 0, real, sizeof(real), &f) != 0 &&
		   f.code == FAULT_NO,
	    "what is missing is not found");
	tap_ok(payload_within(
		   in("scratch"), "x/y", 1, real, sizeof(real), &f) == 0 &&
		   access(real, W_OK) == 0,
	    "and made when asked for");
	payload_remove_tree(in("scratch"));
	tap_ok(access(in("scratch"), F_OK) != 0 &&
		   access("/etc/passwd", F_OK) == 0,
	    "removing a tree follows no links");
}

/* What a reader gives in all. */
static const char *
read_log(unsigned instance, const struct log_query *q)
{
	static char text[8192];
	struct log_reader *r;
	struct buf b;
	struct fault f;

	r = log_reader_new(in("log"), instance, q, &f);
	if (r == NULL)
		return NULL;
	buf_init(&b, sizeof(text) - 1);
	while (log_reader_next(r, &b) == 0 && b.len < sizeof(text) / 2) {
		size_t before = b.len;

		if (log_reader_next(r, &b) != 0 || b.len == before)
			break;
	}
	memcpy(text, buf_str(&b), b.len + 1);
	buf_release(&b);
	log_reader_free(r);
	return text;
}

static int told, told_end;

static void
on_lines(void *arg, int ended)
{
	(void)arg;
	told++;
	told_end |= ended;
}

static void
test_logs(void)
{
	struct log_query all = { .tail = -1, .limit = -1 }, q;
	struct log_listener li = { .fn = on_lines };
	struct log_reader *r;
	struct log *l;
	struct fault f;
	struct buf b;
	const char *s;

	l = log_open(in("log"), 0, &f);
	log_listen(l, &li);
	log_write(l, LOG_STDOUT, "one\ntw", 6);
	log_write(l, LOG_STDERR, "error\n", 6);
	log_write(l, LOG_STDOUT, "o\n\nlast", 7);
	tap_str(read_log(0, &all), "one\nerror\ntwo\n\n", "whole lines");
	tap_ok(told == 3, "listeners are told");
	s = content("log/0.log");
	tap_ok(s != NULL && strstr(s, "Z stdout F one\n") != NULL &&
		   strstr(s, "Z stderr F error\n") != NULL,
	    "the file is as the CRI writes it");
	log_close(l);
	tap_ok(told_end, "listeners are told of the end");
	tap_str(read_log(0, &all), "one\nerror\ntwo\n\nlast",
	    "a last line without its end");
	q = all;
	q.tail = 2;
	tap_str(read_log(0, &q), "\nlast", "tail");
	q.tail = 0;
	tap_str(read_log(0, &q), "", "tail of nothing");
	q = all;
	q.limit = 5;
	tap_str(read_log(0, &q), "one\ne", "limit");
	q = all;
	clock_gettime(CLOCK_REALTIME, &q.since);
	q.since.tv_sec += 5;
	tap_str(read_log(0, &q), "", "since later than all");
	q = all;
	q.timestamps = q.tail = 1;
	s = read_log(0, &q);
	tap_ok(s != NULL && strlen(s) == 35 && strcmp(s + 29, "Z last") == 0,
	    "timestamps with nanoseconds");
	tap_ok(read_log(7, &all) == NULL, "no such instance");

	l = log_open(in("log"), 1, &f);
	r = log_reader_new(in("log"), 1, &all, &f);
	buf_init(&b, 64 << 20);
	for (int i = 0; i < 2000; i++) {
		char line[8192];

		memset(line, 'x', sizeof(line));
		snprintf(line, sizeof(line), "%d", i);
		line[strlen(line)] = ' ';
		line[sizeof(line) - 1] = '\n';
		log_write(l, LOG_STDOUT, line, sizeof(line));
		while (i % 100 == 0 && log_reader_next(r, &b) == 0) {
			size_t before = b.len;

			if (log_reader_next(r, &b) != 0 || b.len == before)
				break;
		}
	}
	while (1) {
		size_t before = b.len;

		if (log_reader_next(r, &b) != 0 || b.len == before)
			break;
	}
	tap_ok(b.len == 2000 * 8192, "a reader loses nothing by a rotation");
	tap_ok(
	    access(in("log/1.log.1"), F_OK) == 0 && mode("log/1.log") == 0640,
	    "a full file is put aside");
	log_reader_free(r);
	log_close(l);
	buf_clear(&b);
	log_tail(in("log"), 0, 5, &b);
	tap_str(buf_str(&b), "\nlast", "log_tail");
	buf_release(&b);
	log_remove(in("log"), 1);
	tap_ok(access(in("log/1.log"), F_OK) != 0 &&
		   access(in("log/1.log.1"), F_OK) != 0,
	    "an instance's files are removed");
}

static void
test_farm(void)
{
	static const char *const skip[] = { "secret", NULL };
	char to[PATH_MAX];
	struct stat st;
	struct fault f;
	ssize_t n;

	path_make_dirs(in("host/sub/deep"), 0755);
	path_write(in("host/file"), "f", 0644);
	path_write(in("host/secret"), "s", 0644);
	path_write(in("host/sub/other"), "o", 0644);
	tap_ok(symlink("../x", in("host/link")) == 0 &&
		   farm_make(in("farm"), in("host"), in("host"), skip, &f) == 0,
	    "a farm is made");
	tap_str(content("farm/file"), "f", "files show through links");
	tap_ok(access(in("farm/secret"), F_OK) != 0, "but those left out");
	n = readlink(in("farm/link"), to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	tap_str(to, "../x", "links are copied as they are");
	tap_ok(farm_open(in("farm"), in("host"), in("host"), "sub/new/place",
		   &f) == 0 &&
		   lstat(in("farm/sub"), &st) == 0 && S_ISDIR(st.st_mode),
	    "folders on the way become real");
	tap_str(content("farm/sub/other"), "o", "with what they had");
	tap_ok(farm_open(in("farm"), in("host"), in("host"), "file", &f) == 0 &&
		   lstat(in("farm/file"), &st) != 0,
	    "a link at the place itself goes away");
	tap_str(content("host/file"), "f", "what it led to stays");
}

static void
test_images(void)
{
	static const char *const good[] = { "postgres", "postgres:16",
		"docker.io/library/redis:7", "localhost:5000/a/b:tag",
		"ghcr.io/x/y-z@sha256:0123", "a_b/c.d:V1" };
	static const char *const bad[] = { "", "Upper", "a/B", "a:", "a:-x",
		"a b", "/a", "a//b", "a@sha", "-a", "a/" };
	static char folder[PATH_MAX];
	const char *const dirs[] = { folder };
	const char *why;
	const struct image *im;
	struct images *all;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		tap_ok(image_valid(good[i], &why), "valid: %s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_ok(!image_valid(bad[i], &why), "invalid: \"%s\"", bad[i]);
	tap_ok(image_matches("a:*", "a:1") && image_matches("a:*", "a") &&
		   !image_matches("a:*", "b:1") &&
		   image_matches("*/q:*", "r/x/q:1"),
	    "patterns match the whole name; no tag is latest");

	path_make(folder, "%s/images", top);
	path_make_dirs(in("images/x"), 0755);
	path_write(in("images/x/image.json"),
	    "{\"match\": [\"x:*\"], \"variants\": ["
	    "{\"requires\": [\"no-such-program-here\"]},"
	    "{\"requires\": [\"sh\"], \"user\": 7, "
	    "\"version\": [\"sh\", \"-c\", \"echo one; echo two\"]}]}",
	    0644);
	all = images_new(dirs, 1, "/nowhere", &f);
	tap_ok(images_find(all, "x:1", &im, &f) == 0 &&
		   json_num(im->variant, "user", 0) == 7,
	    "the first variant that can run is taken");
	tap_str(im->id, "sandbox://x/one", "and says its version");
	tap_ok(images_find(all, "y:1", &im, &f) != 0 && f.code == FAULT_NO &&
		   strstr(f.msg, "no image.json in") != NULL,
	    "an unknown image");
	path_make_dirs(in("images/y"), 0755);
	path_write(in("images/y/image.json"),
	    "{\"match\": [\"y:*\"], \"variants\": [{\"requires\": "
	    "[\"no-such-program-here\"]}]}",
	    0644);
	tap_ok(images_find(all, "y:1", &im, &f) != 0 &&
		   strstr(f.msg, "no-such-program-here") != NULL,
	    "one added later is found, and says what it lacks");
	path_write(in("images/y/image.json"), "{", 0644);
	tap_ok(images_find(all, "z:1", &im, &f) != 0 && f.code == FAULT_INPUT,
	    "a malformed file is told");
	images_free(all);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(
	    top, sizeof(top), "%s/noded.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(top) == NULL) {
		perror(top);
		return 1;
	}
	test_payload();
	test_logs();
	test_farm();
	test_images();
	payload_remove_tree(top);
	return tap_end();
}
