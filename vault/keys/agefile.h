/*
 * One age file (C2SP age.md), written or read as a stream, in constant memory.
 *
 * Joins format/ageheader.h, format/agearmor.h, crypto/agekey.h and
 * crypto/agestream.h. The writer never mixes classic and hybrid recipients.
 * The reader gives out only authenticated bytes; a file is whole only when
 * agefile_read has returned 0, so nothing read may be trusted, or given its
 * name, before that.
 */
#ifndef MUNIMENT_AGEFILE_H
#define MUNIMENT_AGEFILE_H

#include "agekey.h"
#include "err.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AGEFILE_WORK_FACTOR 18	   /* scrypt: log2 N that we write */
#define AGEFILE_WORK_FACTOR_MAX 22 /* the most that we compute (4 GiB) */

/* Who can open a file that is written. */
struct agefile_to {
	const struct agekey_public *keys; /* n of them, borrowed */
	size_t n;			  /* 0 with a passphrase */
	const struct secret *passphrase;  /* or NULL; borrowed */
	unsigned work_factor;		  /* 0 means AGEFILE_WORK_FACTOR */
	bool armor;			  /* write PEM armor */
	bool spread; /* seal on all cores: the sink may get bytes later */
};

/* What a file that is read may be opened with. All borrowed. */
struct agefile_identity {
	enum agekey_kind kind;
	const uint8_t *secret; /* AGEKEY_SECRET_LEN bytes in guarded memory */
};
struct agefile_from {
	const struct agefile_identity *keys;
	size_t n;
	/*
	 * NULL, or for each key NULL or the AGEKEY_READY_LEN bytes that
	 * agekey_ready makes of a hybrid one.
	 */
	const uint8_t *const *ready;
	size_t *which; /* set to the number of the key that fits; or NULL */
	const struct secret *passphrase; /* or NULL */
	/*
	 * Called at most once, when the file wants a passphrase and none is
	 * given: returns one that the reader frees, or NULL with `e` filled.
	 * May be NULL.
	 */
	struct secret *(*ask)(void *ctx, struct err *e);
	void *ask_ctx;
	/*
	 * NULL, or the file's own key of AGEKEY_FILE_KEY_LEN bytes, found
	 * earlier: the header's MAC shows whether it is.
	 */
	const uint8_t *file_key;
	uint8_t *found; /* NULL, or where a copy of that key goes */
	bool spread; /* open on all cores: the source is read ahead */
};

/* Takes `len` bytes; 0, or -1 with `e` filled. */
typedef int agefile_sink(void *ctx, const void *bytes, size_t len,
			 struct err *e);
/* Gives up to `cap` bytes; how many, 0 at the end, -1 with `e` filled. */
typedef ssize_t agefile_source(void *ctx, void *buf, size_t cap, struct err *e);

struct agefile_writer;
struct agefile_reader;

/* Start a file: the header goes to `sink` at once. NULL with `e` filled. */
struct agefile_writer *agefile_writer_new(const struct agefile_to *to,
					  agefile_sink *sink, void *ctx,
					  struct err *e);
int agefile_write(struct agefile_writer *w, const void *bytes, size_t len,
		  struct err *e);
/* Write the last chunk (and the armor's end). Call once, before the free. */
int agefile_finish(struct agefile_writer *w, struct err *e);
void agefile_writer_free(struct agefile_writer *w);

/*
 * Size in bytes of a binary (not armored) file with `n` stanzas of `kind` and
 * `plain` bytes of content.
 */
uint64_t agefile_size(enum agekey_kind kind, size_t n, uint64_t plain);

/* The same for what agefile_writer_new will write with `to`. */
uint64_t agefile_size_to(const struct agefile_to *to, uint64_t plain);
/* The largest content that fits a file of `size` bytes with one stanza; 0 if
 * none. */
uint64_t agefile_room(enum agekey_kind kind, uint64_t size);

/* How opening a file failed, for callers that must tell (the CCTV vectors). */
enum agefile_failure {
	AGEFILE_FINE = 0,
	AGEFILE_ARMOR,	  /* armor failure */
	AGEFILE_HEADER,	  /* header failure */
	AGEFILE_HMAC,	  /* HMAC failure */
	AGEFILE_NO_MATCH, /* no identity or passphrase fits */
	AGEFILE_PAYLOAD,  /* payload failure */
	AGEFILE_IO,	  /* the source failed, no passphrase, no memory */
};

/* Read the header and find the key. Armor is recognised by itself. */
struct agefile_reader *agefile_reader_new(const struct agefile_from *from,
					  agefile_source *source, void *ctx,
					  enum agefile_failure *why,
					  struct err *e);
/* Up to cap bytes of content; 0 when the file is whole; -1 with `e` filled. */
ssize_t agefile_read(struct agefile_reader *r, void *buf, size_t cap,
		     enum agefile_failure *why, struct err *e);
void agefile_reader_free(struct agefile_reader *r);

/* A whole file in memory. *out is malloc'ed, the caller frees it. */
int agefile_seal(const struct agefile_to *to, const void *plain, size_t len,
		 uint8_t **out, size_t *outlen, struct err *e);
/*
 * Open a whole binary file in memory into out (cap bytes; `len` bytes always
 * suffice, and out may lie in guarded memory). On failure out is zeroed.
 */
int agefile_open(const struct agefile_from *from, const void *file, size_t len,
		 uint8_t *out, size_t cap, size_t *outlen,
		 enum agefile_failure *why, struct err *e);

/*
 * The payload of a binary file, to be opened chunk by chunk in any order
 * (agestream_seek): from the file's first `len` bytes, which hold its header.
 * *at is where the first chunk begins. NULL with `e` filled.
 */
struct agestream;
struct agestream *agefile_payload(const struct agefile_from *from,
				  const void *file, size_t len, size_t *at,
				  struct err *e);

/*
 * Opening a file is safe work that many threads may do at once, each with its
 * own reader.
 */

#endif
