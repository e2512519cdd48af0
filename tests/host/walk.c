/*
 * The way to a git host without the rest of the program, for tests:
 *
 *	walk [-s SECONDS] [-t TRIES] URL list
 *	walk ... URL push VAULT [BATCHES]	all logs, or their first BATCHES
 *	walk ... URL fetch VAULT FOLDER [BYTES]	all branches
 *	walk ... URL put VAULT			all objects
 *	walk ... URL get VAULT FOLDER		all objects
 *
 * Says what it did on one line; an error as the program would, exit status 2,
 * or 1 for evidence that failed.
 */
#include "gitremote.h"
#include "packwork.h"
#include "hex.h"
#include "lfshost.h"
#include "secret.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err e;

static int
finish(int rc)
{
	struct rusage use;

	if (rc != 0) {
		fprintf(stderr, "walk: %s\n", e.msg);
		if (e.hint[0] != '\0')
			fprintf(stderr, "hint: %s\n", e.hint);
		return e.code;
	}
	getrusage(RUSAGE_SELF, &use);
	if (getenv("WALK_MEMORY") != NULL)
		printf("memory %ld KiB\n", use.ru_maxrss);
	return 0;
}

static int
list(struct gitremote *r)
{
	const struct gitremote_branch *b;
	size_t n, others;

	if (gitremote_list(r, &b, &n, &others, &e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char hex[41];

		hex_encode(b[i].commit, GITFORM_OID_LEN, hex);
		printf("%s %s\n", hex, b[i].name);
	}
	printf("%zu branches, %zu others\n", n, others);
	return 0;
}

static void
refused(void *ctx, const char *branch, const char *why)
{
	(void)ctx;
	printf("refused %s: %s\n", branch, why);
}

static int
push(struct gitremote *r, struct vault *v, uint64_t most)
{
	struct gitremote_update *u = calloc(v->n_logs + 1, sizeof *u);
	size_t moved, n = v->n_logs;
	int rc;

	if (u == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		u[i].log = &v->logs[i];
		u[i].size = v->logs[i].size < most ? v->logs[i].size : most;
	}
	rc = gitremote_push(r, v, u, n, refused, NULL, &moved, &e);
	printf("%zu branches moved\n", moved);
	free(u);
	return rc;
}

static int
fetch(struct gitremote *r, struct vault *v, const char *folder, uint64_t most)
{
	struct gitremote_caps caps = {most, 0};
	const struct gitremote_branch *b;
	size_t n;

	if (gitremote_list(r, &b, &n, NULL, &e) != 0 ||
	    gitremote_fetch(r, v, folder, b, n, &caps, &e) != 0)
		return -1;
	printf("%zu branches fetched\n", n);
	return 0;
}

/* The objects of a vault, one after the other. */
struct objects {
	struct vault *v;
	size_t log, line;
	uint64_t n;
	struct vault_batch b;
	bool open;
};

static int
next(void *ctx, struct lfshost_object *o, struct err *err)
{
	struct objects *x = ctx;

	for (; x->log < x->v->n_logs; x->log++, x->n = 0) {
		struct log *l = &x->v->logs[x->log];

		for (; x->n < l->size; x->n++, x->line = 0) {
			if (!x->open &&
			    vault_batch(x->v, l, x->n + 1, &x->b, err) != 0)
				return -1;
			x->open = true;
			while (x->line < x->b.b.n) {
				struct batch_line *b = &x->b.b.lines[x->line++];

				if (b->kind != BATCH_OBJECT)
					continue;
				memcpy(o->sha256, b->sha256, HASH_LEN);
				o->size = b->size;
				return 1;
			}
			vault_batch_free(&x->b);
			x->open = false;
		}
	}
	return 0;
}

static int
path(void *ctx, const uint8_t sha256[HASH_LEN], char *out, size_t cap,
     struct err *err)
{
	struct objects *x = ctx;

	(void)cap;
	return vault_object_path(x->v, sha256, out, err);
}

static void
failed(void *ctx, const struct lfshost_object *o, const char *why, int code)
{
	(void)ctx;
	(void)o;
	(void)code;
	printf("failed: %s\n", why);
}

static int
bulk(struct host *h, struct vault *v, const char *folder)
{
	struct objects x = {.v = v};
	struct lfshost_jobs jobs = {
	    .next = next, .path = path, .failed = failed, .ctx = &x};
	struct lfshost_result res = {0};
	struct lfshost *l = lfshost_new(h, &e);
	int rc = -1;

	if (l != NULL)
		rc = folder == NULL
			 ? lfshost_upload(l, &jobs, &res, &e)
			 : lfshost_download(l, folder, &jobs, &res, &e);
	printf("%zu objects moved, %zu there, %zu failed\n", res.moved,
	       res.there, res.failed);
	lfshost_free(l);
	if (x.open)
		vault_batch_free(&x.b);
	return rc;
}

static int
run(struct host *h, int argc, char **argv)
{
	struct gitremote *r = gitremote_new(h, &e);
	const char *verb = argv[1];
	struct vault *v = NULL;
	int rc = -1;

	if (r == NULL)
		return -1;
	if (strcmp(verb, "list") == 0) {
		rc = list(r);
		goto out;
	}
	v = argc > 2 ? vault_open(argv[2], VAULT_READ, NULL, &e) : NULL;
	if (v == NULL)
		goto out;
	if (strcmp(verb, "push") == 0)
		rc = push(r, v,
			  argc > 3 ? strtoull(argv[3], NULL, 10) : UINT64_MAX);
	else if (strcmp(verb, "put") == 0)
		rc = bulk(h, v, NULL);
	else if (strcmp(verb, "fetch") == 0 && argc > 3)
		rc = fetch(r, v, argv[3],
			   argc > 4 ? strtoull(argv[4], NULL, 10) : 1u << 30);
	else if (strcmp(verb, "get") == 0 && argc > 3)
		rc = bulk(h, v, argv[3]);
	else
		err_set(&e, ERR_UNKNOWN, "usage");
out:
	vault_close(v);
	gitremote_free(r);
	return rc;
}

int
main(int argc, char **argv)
{
	struct host_options o = {.stall = 10, .connect = 5, .tries = 3};
	struct host *h;
	int c, rc;

	packwork_prepare();
	while ((c = getopt(argc, argv, "s:t:")) != -1)
		if (c == 's')
			o.stall = (unsigned)atoi(optarg);
		else if (c == 't')
			o.tries = (unsigned)atoi(optarg);
		else
			return 2;
	argc -= optind;
	argv += optind;
	if (argc < 2 || secret_init() != 0)
		return 2;
	h = host_new(argv[0], &o, &e);
	if (h == NULL)
		return finish(-1);
	rc = run(h, argc, argv);
	host_free(h);
	return finish(rc);
}
