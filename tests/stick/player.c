/*
 * Preloaded into a FUSE driver, with writes.c: instead of being mounted, the
 * driver is made to carry out a list of calls ($STICK_PLAY, from calls.c),
 * as the kernel would ask it. It takes no device and no right.
 *
 * One call more: "get NAME" writes the file's size and bytes to $STICK_GOT;
 * a size of -1 if it cannot be read, all of it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096 /* bytes that the kernel hands over at a time */
#define OPEN_MAX 128

/* Where libfuse 2.6 and 3 keep the functions of a driver. */
enum call {
	GETATTR,
	MKNOD,
	UNLINK,
	RENAME,
	OPEN,
	READ,
	WRITE,
	FLUSH,
	RELEASE,
	FSYNC,
	FSYNCDIR,
	INIT,
	DESTROY,
	CREATE,
	UTIMENS
};
static const int place2[] = {0,	 3,  5,	 8,  14, 15, 16, 18,
			     19, 20, 28, 29, 30, 32, 36};
static const int place3[] = {0,	 2,  4,	 7,  12, 13, 14, 16,
			     17, 18, 26, 27, 28, 30, 32};

typedef int any(const void *, ...);
typedef void *begins(void *, void *);
static any *const *operations;
static bool is3;

/* struct fuse_file_info: flags first; the driver keeps its own in the rest */
struct handle {
	char name[300];
	_Alignas(16) char info[256];
	bool used;
};
static struct handle open_files[OPEN_MAX];

/* struct fuse_context: what the drivers use of it */
static struct {
	void *fuse;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	void *data;
	mode_t umask;
	char room[64];
} context;
void *fuse_get_context(void);
void *
fuse_get_context(void)
{
	return &context;
}

void stick_note(char kind, uint64_t at, const void *bytes, uint64_t len);

static any *
call(enum call c)
{
	return operations[is3 ? place3[c] : place2[c]];
}

static void
must(int rc, const char *what, const char *name)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "player: %s %s: %s\n", what, name, strerror(-rc));
	exit(3);
}

static struct handle *
handle(const char *name)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (open_files[i].used && strcmp(open_files[i].name, name) == 0)
			return &open_files[i];
	fprintf(stderr, "player: %s is not open\n", name);
	exit(3);
}

static struct handle *
new_handle(const char *name, int flags)
{
	for (size_t i = 0; i < OPEN_MAX; i++) {
		struct handle *h = &open_files[i];

		if (h->used)
			continue;
		memset(h, 0, sizeof *h);
		snprintf(h->name, sizeof h->name, "%s", name);
		memcpy(h->info, &flags, sizeof flags);
		h->used = true;
		return h;
	}
	fprintf(stderr, "player: too many open files\n");
	exit(3);
}

static int
getattr(const char *path, struct stat *st)
{
	memset(st, 0, sizeof *st);
	return call(GETATTR)(path, st, NULL);
}

static void
create(const char *path, const char *name)
{
	struct handle *h = new_handle(name, 0102 /* O_RDWR | O_CREAT */);
	struct stat st;

	if (getattr(path, &st) != -ENOENT)
		must(-EEXIST, "create", name);
	if (call(CREATE) != NULL) {
		must(call(CREATE)(path, S_IFREG | 0600, h->info), "create",
		     name);
	} else {
		must(call(MKNOD)(path, S_IFREG | 0600, (dev_t)0), "mknod",
		     name);
		must(call(OPEN)(path, h->info), "open", name);
	}
	must(getattr(path, &st), "getattr", name);
}

static void
put(FILE *in, const char *path, const char *name, long long at, size_t len)
{
	char buf[PIECE];

	while (len > 0) {
		size_t n = len < PIECE ? len : PIECE;

		if (fread(buf, 1, n, in) != n)
			must(-EIO, "the list ends in", name);
		if (call(WRITE)(path, buf, n, (off_t)at, handle(name)->info) !=
		    (int)n)
			must(-EIO, "write", name);
		at += (long long)n;
		len -= n;
	}
}

static void
get(const char *path, const char *name)
{
	struct handle *h = new_handle(name, 0);
	FILE *out = fopen(getenv("STICK_GOT"), "a");
	struct stat st;
	char buf[PIECE], *bytes;
	size_t len;
	FILE *all = open_memstream(&bytes, &len);
	bool is_open;

	if (out == NULL || all == NULL)
		exit(3);
	is_open = getattr(path, &st) == 0 && call(OPEN)(path, h->info) >= 0;
	for (off_t at = 0; is_open && at < st.st_size;) {
		int n = call(READ)(path, buf, sizeof buf, at, h->info);

		if (n <= 0)
			break;
		fwrite(buf, 1, (size_t)n, all);
		at += n;
	}
	if (fclose(all) != 0)
		exit(3);
	/* a file that ends early could not be read */
	if (is_open && (off_t)len == st.st_size) {
		fprintf(out, "%s %zu\n", name, len);
		fwrite(bytes, 1, len, out);
	} else {
		fprintf(out, "%s -1\n", name);
	}
	free(bytes);
	if (fclose(out) != 0)
		exit(3);
	if (is_open && call(RELEASE) != NULL)
		call(RELEASE)(path, h->info);
	h->used = false;
}

static void
finish(const char *path, const char *name)
{
	struct handle *h = handle(name);

	if (call(FLUSH) != NULL)
		must(call(FLUSH)(path, h->info), "flush", name);
	if (call(RELEASE) != NULL)
		call(RELEASE)(path, h->info);
	h->used = false;
}

static void
rename_to(const char *path, const char *name, const char *to)
{
	char new[300];
	struct stat st;

	snprintf(new, sizeof new, "/%s", to);
	if (getattr(new, &st) != -ENOENT)
		must(-EEXIST, "rename to", to);
	must(call(RENAME)(path, new, 0), "rename", name);
}

static void
times(const char *path, const char *name, long long t)
{
	struct timespec both[2] = {{t, 0}, {t, 0}};

	if (call(UTIMENS) != NULL)
		must(call(UTIMENS)(path, both, NULL), "utimens", name);
}

static void
sync_it(enum call c, const char *path, const char *name)
{
	char info[256] = {0};

	if (call(c) != NULL)
		must(call(c)(path, 0, name != NULL ? handle(name)->info : info),
		     "fsync", path);
	stick_note('R', 0, NULL, 0);
}

static void
one(FILE *in, const char *line)
{
	char op[20] = "", name[300] = "", third[300] = "", path[302];
	long long len = 0;

	sscanf(line, "%19s %299s %299s %lld", op, name, third, &len);
	snprintf(path, sizeof path, "/%s", name);
	if (strcmp(op, "create") == 0)
		create(path, name);
	else if (strcmp(op, "write") == 0)
		put(in, path, name, atoll(third), (size_t)len);
	else if (strcmp(op, "sync") == 0)
		sync_it(FSYNC, path, name);
	else if (strcmp(op, "syncfolder") == 0)
		sync_it(FSYNCDIR, "/", NULL);
	else if (strcmp(op, "times") == 0)
		times(path, name, atoll(third));
	else if (strcmp(op, "close") == 0)
		finish(path, name);
	else if (strcmp(op, "rename") == 0)
		rename_to(path, name, third);
	else if (strcmp(op, "remove") == 0)
		must(call(UNLINK)(path), "unlink", name);
	else if (strcmp(op, "get") == 0)
		get(path, name);
	else if (strcmp(op, "done") == 0)
		stick_note('D', 0, NULL, 0);
	else
		must(-EINVAL, "an unknown line:", line);
}

static int
play(const void *table, void *data)
{
	FILE *in = fopen(getenv("STICK_PLAY"), "r");
	char line[1024], conn[512] = {0}, cfg[512] = {0};

	if (in == NULL)
		return 3;
	operations = table;
	context.uid = getuid();
	context.gid = getgid();
	context.data = data;
	if (call(INIT) != NULL)
		context.data = ((begins *)(void *)call(INIT))(conn, cfg);
	while (fgets(line, sizeof line, in) != NULL)
		one(in, line);
	fclose(in);
	if (call(DESTROY) != NULL)
		call(DESTROY)(context.data);
	return 0;
}

/* libfuse 2 */
int fuse_main_real(int argc, char **argv, const void *table, size_t size,
		   void *data);
int
fuse_main_real(int argc, char **argv, const void *table, size_t size,
	       void *data)
{
	(void)argc;
	(void)argv;
	(void)size;
	return play(table, data);
}

/* libfuse 3.17 */
int fuse_main_real_versioned(int argc, char **argv, const void *table,
			     size_t size, const void *version, void *data);
int
fuse_main_real_versioned(int argc, char **argv, const void *table, size_t size,
			 const void *version, void *data)
{
	(void)argc;
	(void)argv;
	(void)size;
	(void)version;
	is3 = true;
	return play(table, data);
}
