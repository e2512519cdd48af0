/*
 * A git host over https or ssh: list, fetch and push branches (git's
 * Documentation/gitprotocol-pack, version 0, as every host speaks it).
 *
 * Nothing is written into the vault: no remote, no URL, no FETCH_HEAD, no
 * reflog. What is fetched lands in a quarantine folder of the caller's, as
 * packs that were looked at (packscan.h) and indexed. What is pushed is
 * streamed, whole and stored, so memory does not grow with it.
 *
 * A call that fails leaves the host's branches where the last finished slice
 * put them, and the quarantine with the slices that arrived: calling again
 * goes on from there.
 */
#ifndef MUNIMENT_GITREMOTE_H
#define MUNIMENT_GITREMOTE_H

#include "host.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GITREMOTE_BRANCHES_MAX 4096 /* that a host may have */

/* A branch of the host that has a device's name (fork sides too). */
struct gitremote_branch {
	char name[VAULT_BRANCH_MAX]; /* without refs/heads/ */
	uint8_t commit[GITFORM_OID_LEN];
};

struct gitremote;

/* `h` must outlive it. Does nothing on the network yet. */
struct gitremote *gitremote_new(struct host *h, struct err *e);
void gitremote_free(struct gitremote *r);

/*
 * The host's branches, sorted by name; *list lives until the next call or
 * gitremote_free. Branches of other names and tags are left out and counted in
 * *others (may be NULL). An empty repository has none, which is no error.
 */
int gitremote_list(struct gitremote *r, const struct gitremote_branch **list,
		   size_t *n, size_t *others, struct err *e);

struct gitremote_caps {
	uint64_t bytes;	  /* of packs, all slices together */
	uint64_t objects; /* in them; 0: by bytes only */
};

/*
 * Fetch what `v` lacks of these branches (as gitremote_list gave them) into
 * `folder`/pack, which is made. Slices that an earlier call left in `folder`
 * are used; show the folder to v->git (gitstore_add_objects) only afterwards.
 * ERR_EVIDENCE if what the host sends is damaged or exceeds the caps: then
 * throw the folder away. Only what git's own checks tell is checked here:
 * merge_incoming does the rest.
 */
int gitremote_fetch(struct gitremote *r, struct vault *v, const char *folder,
		    const struct gitremote_branch *want, size_t n,
		    const struct gitremote_caps *caps, struct err *e);

/* The first `size` batches of a log, which shall be on the host. */
struct gitremote_update {
	const struct log *log; /* of v */
	uint64_t size;
};

/*
 * Push, without force and in slices. Updates are done in the order given, so
 * that the host is at no time in a state that the list has not passed
 * through; a log may come several times, with growing sizes (then slices are
 * cut between, where the caller knows it to be safe: after what the batches
 * name as `seen`). A slice has some 40,000 objects or 32 MiB; all branches of
 * a slice move last, at once where the host can.
 *
 * `refused`, if not NULL, is told of each branch that the host did not move
 * (`why` is escaped); the others move. *moved counts branches that did. -1
 * with `e` filled if any was refused, or nothing could be sent.
 */
typedef void gitremote_refused(void *ctx, const char *branch, const char *why);
int gitremote_push(struct gitremote *r, struct vault *v,
		   const struct gitremote_update *updates, size_t n,
		   gitremote_refused *refused, void *ctx, size_t *moved,
		   struct err *e);

#endif
