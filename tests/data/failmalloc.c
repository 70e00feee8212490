/*
 * LD_PRELOAD library: the Nth allocation of a program fails, to see how it
 * takes it.  malloc, calloc, realloc and the aligned ones are replaced, by
 * which getline, asprintf and the like allocate, too; strdup is replaced for
 * its caller's sake, who would be the C library otherwise.
 *   FAILMALLOC_N=N       the one that fails; none when it is 0 or missing
 *   FAILMALLOC_SKIP=A:B  allocations made by modules whose file name begins
 *                        with one of these are neither counted nor failed
 *   FAILMALLOC_COUNT=F   at the end the number of counted ones is written to F
 * Only the process itself is meant: what it executes is left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <link.h>

/* glibc's own allocator, under the names that it keeps for replacements. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

static atomic_ulong count;
static unsigned long nth;
static char skip[512];
static char count_file[4096];

/* Whether the module that pc is in is one of those left alone. */
static int
skipped(void *pc)
{
	struct dl_find_object found;
	const char *file, *name, *end;

	if (*skip == '\0' || _dl_find_object(pc, &found) != 0)
		return 0;
	file = strrchr(found.dlfo_link_map->l_name, '/');
	if (file == NULL)
		return 0;
	for (name = skip; *name != '\0'; name = *end ? end + 1 : end) {
		end = strchrnul(name, ':');
		if (end > name &&
		    strncmp(file + 1, name, (size_t)(end - name)) == 0)
			return 1;
	}
	return 0;
}

static int
fails(void *pc)
{
	if (skipped(pc) || atomic_fetch_add(&count, 1) + 1 != nth)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void __attribute__((constructor)) begin(void)
{
	const char *value;

	if ((value = getenv("FAILMALLOC_SKIP")) != NULL)
		snprintf(skip, sizeof(skip), "%s", value);
	if ((value = getenv("FAILMALLOC_COUNT")) != NULL)
		snprintf(count_file, sizeof(count_file), "%s", value);
	if ((value = getenv("FAILMALLOC_N")) != NULL)
		nth = strtoul(value, NULL, 10);
	unsetenv("LD_PRELOAD");
	count = 0;
}

static void __attribute__((destructor)) end(void)
{
	char text[32];
	int fd, n;

	if (*count_file == '\0')
		return;
	fd = open(count_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&count));
	if (fd == -1 || write(fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}

void *
malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL :
						    __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL :
						    __libc_realloc(p, size);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return fails(__builtin_return_address(0)) ? NULL :
						    __libc_realloc(p, all);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return fails(__builtin_return_address(0)) ?
		   NULL :
		   __libc_memalign(align, size);
}

int
posix_memalign(void **p, size_t align, size_t size)
{
	if (fails(__builtin_return_address(0)))
		return ENOMEM;
	*p = __libc_memalign(align, size);
	return *p != NULL ? 0 : ENOMEM;
}

char *
strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *p;

	p = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
	return p != NULL ? memcpy(p, s, size) : NULL;
}

char *
strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p;

	p = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(len + 1);
	if (p != NULL) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}
