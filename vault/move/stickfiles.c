#include "stickfiles.h"

#include "agetext.h"
#include "hex.h"
#include "local.h"
#include "parityfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_LEN (64u << 10) /* bytes */
#define PARTS_MAX 999
#define REMEMBERED 100000 /* files; the oldest are forgotten */
#define MEMORY "local/sticks.age"

static const char magic[] = "age-encryption.org/v1\n";
static const char memory_head[] = "muniment sticks 2\n";

void
stickfiles_free(struct stickfile *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < list[i].n; k++)
			free(list[i].paths[k]);
		free(list[i].paths);
	}
	free(list);
}

/* Up to END_LEN bytes from `at`; how many, or -1 with errno. */
static ssize_t
read_end(const char *path, off_t at, char *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;
	int why;

	while (n > 0 && len < END_LEN) {
		n = pread(fd, buf + len, END_LEN - len, at + (off_t)len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return n < 0 ? -1 : (ssize_t)len;
}

/*
 * Does it begin as an age file does, or did, if it is damaged there and has
 * parity? -1 with errno.
 */
static int
is_age(const char *path, char *buf)
{
	static const char stanza[] = "\n-> ";
	ssize_t n = read_end(path, 0, buf);
	char base[FSUTIL_PATH];

	if (n < 0)
		return -1;
	if ((size_t)n >= sizeof magic - 1 &&
	    memcmp(buf, magic, sizeof magic - 1) == 0)
		return 1;
	return memmem(buf, (size_t)n, stanza, sizeof stanza - 1) != NULL &&
	       parityfile_is_there(path, base);
}

/* Hash the beginning of its first part and the end of its last. */
static int
hash_ends(struct stickfile *f, char *buf)
{
	const char *last = f->paths[f->n - 1];
	struct hash *h = hash_new(HASH_SHA256);
	struct stat st;
	ssize_t n = -1;

	if (h != NULL && (n = read_end(f->paths[0], 0, buf)) >= 0) {
		hash_update(h, buf, (size_t)n);
		n = stat(last, &st) != 0
			? -1
			: read_end(last,
				   st.st_size > END_LEN ? st.st_size - END_LEN
							: 0,
				   buf);
	}
	if (n >= 0) {
		hash_update(h, buf, (size_t)n);
		hash_final(h, f->ends);
	}
	hash_free(h);
	return n < 0 ? -1 : 0;
}

/* Put one more part on a file's list: 1, 0 if it is not there, or -1. */
static int
take_part(struct stickfile *f, const char *path)
{
	struct stat st;
	void *p;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	p = realloc(f->paths, (f->n + 1) * sizeof *f->paths);
	if (p == NULL)
		return -1;
	f->paths = p;
	f->paths[f->n] = strdup(path);
	if (f->paths[f->n] == NULL)
		return -1;
	f->n++;
	f->size += (uint64_t)st.st_size;
	return 1;
}

/* "NAME.001": the first of several parts. */
static bool
is_first_part(const char *name, size_t len)
{
	return len > 4 && strcmp(name + len - 4, ".001") == 0;
}

static bool
is_later_part(const char *name, size_t len)
{
	return len > 4 && name[len - 4] == '.' &&
	       strspn(name + len - 3, "0123456789") == 3 &&
	       !is_first_part(name, len);
}

/* All parts of the file whose first part (or whole) is `path`. */
static int
take_parts(struct stickfile *f, char path[FSUTIL_PATH])
{
	size_t len = strlen(f->name);
	int rc = take_part(f, path);

	if (rc <= 0 || !is_first_part(f->name, len))
		return rc;
	f->name[len - 4] = '\0';
	for (unsigned k = 2; rc > 0 && k <= PARTS_MAX; k++) {
		snprintf(path + strlen(path) - 4, 5, ".%03u", k % 1000);
		rc = take_part(f, path);
	}
	return rc < 0 ? -1 : 1;
}

/*
 * 1 if it is a carry file (or its first part) or may be one, 0 if not, -1
 * with `e` filled.
 */
static int
look_at(const char *folder, const char *name, struct stickfile *f, char *buf,
	struct err *e)
{
	size_t len = strlen(name);
	char path[FSUTIL_PATH];
	struct stat st;
	int rc;

	memset(f, 0, sizeof *f);
	if (name[0] == '.' || is_later_part(name, len) ||
	    parityfile_is_one(name) || len >= sizeof f->name ||
	    fsutil_join(path, folder, name, NULL) != 0)
		return 0;
	strcpy(f->name, name);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	rc = is_age(path, buf);
	if (rc < 0) {
		f->unread = errno;
		/* its parity may help all the same */
		return take_parts(f, path) < 0 ? err_memory(e) : 1;
	}
	if (rc > 0)
		rc = take_parts(f, path);
	if (rc > 0 && hash_ends(f, buf) != 0)
		f->unread = errno;
	return rc < 0 ? err_memory(e) : rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct stickfile *)a)->name,
		      ((const struct stickfile *)b)->name);
}

int
stickfiles_list(const char *folder, struct stickfile **list, size_t *n,
		struct err *e)
{
	char shown[300], *buf = malloc(END_LEN);
	DIR *d = opendir(folder);
	struct dirent *entry;
	int rc = buf == NULL ? err_memory(e) : 0;

	*list = NULL;
	*n = 0;
	if (d == NULL) {
		free(buf);
		return err_sys(
		    e, "%s",
		    err_escape(shown, sizeof shown, folder, strlen(folder)));
	}
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		struct stickfile f;
		int is = look_at(folder, entry->d_name, &f, buf, e);
		void *p = NULL;

		if (is > 0)
			p = realloc(*list, (*n + 1) * sizeof **list);
		if (p != NULL) {
			*list = p;
			(*list)[(*n)++] = f;
		} else if (is != 0) {
			rc = err_memory(e);
		}
	}
	closedir(d);
	free(buf);
	if (rc != 0) {
		stickfiles_free(*list, *n);
		*list = NULL;
		*n = 0;
	} else if (*n > 0) {
		qsort(*list, *n, sizeof **list, by_name);
	}
	return rc;
}

/* -- the memory -- */

static void
forget(struct stickrecord *r)
{
	carry_content_free(&r->content);
	free(r->to);
	memset(r, 0, sizeof *r);
}

void
stickmemory_free(struct stickmemory *m)
{
	for (size_t i = 0; i < m->n; i++)
		forget(&m->list[i]);
	free(m->list);
	memset(m, 0, sizeof *m);
}

const struct stickrecord *
stickmemory_find(const struct stickmemory *m, const struct stickfile *f)
{
	for (size_t i = 0; i < m->n && f->unread == 0; i++)
		if (m->list[i].size == f->size &&
		    memcmp(m->list[i].ends, f->ends, HASH_LEN) == 0)
			return &m->list[i];
	return NULL;
}

static struct stickrecord *
new_record(struct stickmemory *m)
{
	void *p = realloc(m->list, (m->n + 1) * sizeof *m->list);

	if (p == NULL)
		return NULL;
	m->list = p;
	memset(&m->list[m->n], 0, sizeof *m->list);
	return &m->list[m->n++];
}

struct stickrecord *
stickmemory_add(struct stickmemory *m, const struct stickfile *f,
		enum stickfile_state state, struct carry_content *content,
		struct err *e)
{
	const struct stickrecord *old = stickmemory_find(m, f);
	struct stickrecord *r;

	if (old != NULL) {
		r = &m->list[old - m->list];
		forget(r);
	} else {
		r = new_record(m);
	}
	if (r == NULL) {
		err_memory(e);
		return NULL;
	}
	r->size = f->size;
	memcpy(r->ends, f->ends, HASH_LEN);
	r->state = state;
	if (content != NULL) {
		r->content = *content;
		memset(content, 0, sizeof *content);
	}
	return r;
}

void
stickmemory_key(const struct agekey_public *to, uint8_t out[HASH_LEN])
{
	char text[AGETEXT_RECIPIENT_MAX];

	hash_sha256(text, agetext_recipient(to, text), out);
}

static int
add_to(struct stickrecord *r, const uint8_t key[HASH_LEN])
{
	void *p = realloc(r->to, (r->n_to + 1) * sizeof *r->to);

	if (p == NULL)
		return -1;
	r->to = p;
	memcpy(r->to[r->n_to++], key, HASH_LEN);
	return 0;
}

int
stickmemory_for(struct stickrecord *r, const struct agekey_public *to, size_t n)
{
	uint8_t key[HASH_LEN];

	for (size_t i = 0; i < n; i++) {
		stickmemory_key(&to[i], key);
		if (add_to(r, key) != 0)
			return -1;
	}
	return 0;
}

bool
stickmemory_is_for(const struct stickrecord *r, const struct agekey_public *to,
		   size_t n)
{
	uint8_t key[HASH_LEN];
	bool all = true;

	for (size_t i = 0; i < n && all; i++) {
		stickmemory_key(&to[i], key);
		all = false;
		for (size_t k = 0; k < r->n_to; k++)
			all |= memcmp(r->to[k], key, HASH_LEN) == 0;
	}
	return all;
}

static const char *const states[] = {"read", "partly", "wrote", "others"};

/* Add a git id to a growing list. */
static int
add_id(uint8_t (**list)[GITFORM_OID_LEN], size_t *n, const char *hex)
{
	void *p = realloc(*list, (*n + 1) * sizeof **list);

	if (p == NULL)
		return -1;
	*list = p;
	if (strlen(hex) != 40 ||
	    hex_decode(hex, GITFORM_OID_LEN, (*list)[*n]) != 0)
		return -1;
	++*n;
	return 0;
}

/* "file <size> <hash> <state> <keys>" */
static int
read_file(struct stickmemory *m, const char *l)
{
	unsigned long long size;
	char hex[65], state[8];
	struct stickrecord *r = new_record(m);
	size_t keys;

	if (r == NULL ||
	    sscanf(l, "file %llu %64s %7s %zu", &size, hex, state, &keys) !=
		4 ||
	    hex_decode(hex, HASH_LEN, r->ends) != 0)
		return -1;
	r->size = size;
	r->keys = keys;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(state, states[i]) == 0) {
			r->state = (enum stickfile_state)i;
			return 0;
		}
	return -1;
}

/* One line of the memory; -1 if it is not of the form. */
static int
read_line(struct stickmemory *m, const char *l)
{
	struct stickrecord *r = m->n > 0 ? &m->list[m->n - 1] : NULL;
	uint8_t sha256[HASH_LEN];

	if (strncmp(l, "file ", 5) == 0)
		return read_file(m, l);
	if (r == NULL)
		return -1;
	if (strncmp(l, "tip ", 4) == 0)
		return add_id(&r->content.tips, &r->content.n_tips, l + 4);
	if (strncmp(l, "need ", 5) == 0)
		return add_id(&r->content.needs, &r->content.n_needs, l + 5);
	if (strncmp(l, "to ", 3) == 0 && strlen(l) == 67 &&
	    hex_decode(l + 3, HASH_LEN, sha256) == 0)
		return add_to(r, sha256);
	if (strncmp(l, "object ", 7) == 0 && strlen(l) == 71 &&
	    hex_decode(l + 7, HASH_LEN, sha256) == 0)
		return map_set(&r->content.objects, sha256, 1);
	return -1;
}

int
stickmemory_load(const char *dir, const struct identity *id,
		 struct stickmemory *m, struct err *e)
{
	struct vault at = {.lock = -1}; /* local/ needs to know no more */
	struct err inner = {0};
	struct secret *s;
	char *save = NULL;

	memset(m, 0, sizeof *m);
	if (strlen(dir) >= sizeof at.dir)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(at.dir, dir);
	s = local_read(&at, id, MEMORY, &inner);
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, inner.code, "%s", inner.msg);
	if (s == NULL)
		return 0; /* none, or damaged: then all is read again */
	s->bytes[s->len] = '\0';
	if (strncmp((char *)s->bytes, memory_head, sizeof memory_head - 1) == 0)
		for (char *l =
			 strtok_r((char *)s->bytes + sizeof memory_head - 1,
				  "\n", &save);
		     l != NULL; l = strtok_r(NULL, "\n", &save))
			if (read_line(m, l) != 0) {
				stickmemory_free(m);
				break;
			}
	secret_free(s);
	return 0;
}

static void
put_ids(FILE *f, const char *word, uint8_t (*list)[GITFORM_OID_LEN], size_t n)
{
	char hex[41];

	for (size_t i = 0; i < n; i++) {
		hex_encode(list[i], GITFORM_OID_LEN, hex);
		fprintf(f, "%s %s\n", word, hex);
	}
}

static void
put_objects(FILE *f, const struct map *objects)
{
	uint8_t key[MAP_KEY_LEN];
	size_t at = 0, value;
	char hex[65];

	while (map_next(objects, &at, key, &value)) {
		hex_encode(key, HASH_LEN, hex);
		fprintf(f, "object %s\n", hex);
	}
}

int
stickmemory_save(const char *dir, const struct identity *id,
		 const struct stickmemory *m, struct err *e)
{
	struct vault at = {.lock = -1};
	char *text = NULL, hex[65];
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	size_t from = m->n > REMEMBERED ? m->n - REMEMBERED : 0;
	int rc = -1;

	if (f == NULL)
		return err_memory(e);
	fputs(memory_head, f);
	for (size_t i = from; i < m->n; i++) {
		const struct stickrecord *r = &m->list[i];

		hex_encode(r->ends, HASH_LEN, hex);
		fprintf(f, "file %llu %s %s %zu\n", (unsigned long long)r->size,
			hex, states[r->state], r->keys);
		for (size_t k = 0; k < r->n_to; k++) {
			hex_encode(r->to[k], HASH_LEN, hex);
			fprintf(f, "to %s\n", hex);
		}
		put_ids(f, "tip", r->content.tips, r->content.n_tips);
		put_ids(f, "need", r->content.needs, r->content.n_needs);
		put_objects(f, &r->content.objects);
	}
	if (fclose(f) != 0 || strlen(dir) >= sizeof at.dir) {
		err_memory(e);
	} else {
		strcpy(at.dir, dir);
		rc = local_write(&at, id, MEMORY, text, len, e);
	}
	free(text);
	return rc;
}
