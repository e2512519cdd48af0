/* The package itself: manifests, hashes, seal, exhibit.txt. */
#include "check_inside.h"

#include "certificate.h"
#include "sshsign.h"
#include "verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char manifest_name[] = "manifest-sha256.txt";
static const char tags_name[] = "tagmanifest-sha256.txt";
static const char seal_name[] = "seal.sig";

/* Besides what the manifests and exhibit.txt name. */
static const char *const always[] = {
    "00-READ-ME-FIRST.txt", "CERTIFICATE.html", "CERTIFICATE.pdf",
    "COMMANDS.txt",	    "check-paths.sh",
};

static bool
is_data(const char *path)
{
	return strncmp(path, "data/", 5) == 0;
}

struct progress {
	struct check *c;
	uint64_t done, total; /* bytes */
};

static int
tell(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct progress *p = ctx;

	(void)bytes;
	(void)e;
	p->done += len;
	if (p->c->o->progress != NULL)
		p->c->o->progress(p->c->o->ctx, "hashing", p->done, p->total);
	return 0;
}

/* Hash all files, once. */
static void
hash_all(struct check *c)
{
	struct progress p = {.c = c};
	struct err e = {0};

	for (size_t i = 0; i < c->n_files; i++)
		p.total += c->files[i].size;
	for (size_t i = 0; i < c->n_files; i++) {
		if (package_stream(c->p, &c->files[i], tell, &p, &e) != 0 &&
		    check_is_broken(c, &e, CHECK_FILES))
			return;
		err_clear(&e);
	}
}

/* Each file that a manifest lists is here, with that hash. */
static void
compare_hashes(struct check *c, const struct bagit_file *list, size_t n,
	       bool data, const char *manifest)
{
	for (size_t i = 0; i < n; i++) {
		const struct package_file *f = package_find(c->p, list[i].path);

		if (is_data(list[i].path) != data ||
		    strcmp(list[i].path, tags_name) == 0 ||
		    strcmp(list[i].path, seal_name) == 0)
			check_say(c, CHECK_PACKAGE, CHECK_FAILS,
				  "%s lists %s, which is not its to list",
				  manifest, list[i].path);
		else if (f == NULL)
			check_say(c, CHECK_PACKAGE, CHECK_FAILS,
				  "%s is missing; %s lists it", list[i].path,
				  manifest);
		else if (f->is_hashed &&
			 memcmp(f->sha256, list[i].sha256, HASH_LEN) != 0)
			check_say(c, CHECK_FILES, CHECK_FAILS,
				  "%s is not the file that %s lists: its "
				  "SHA-256 is another",
				  list[i].path, manifest);
	}
}

/* Systems that leave files of their own in folders that were looked at. */
static const char *
leaver(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name != NULL ? name + 1 : path;
	if (strcasecmp(name, "Thumbs.db") == 0 ||
	    strcasecmp(name, "desktop.ini") == 0)
		return " (Windows makes such files: remove it)";
	return "";
}

/* No file that neither manifest lists. */
static void
find_unlisted(struct check *c, const struct bagit_file *data, size_t n_data,
	      const struct bagit_file *tags, size_t n_tags)
{
	for (size_t i = 0; i < c->n_files; i++) {
		const char *path = c->files[i].path;

		if (strcmp(path, tags_name) != 0 &&
		    strcmp(path, seal_name) != 0 &&
		    bagit_find(data, n_data, path) == NULL &&
		    bagit_find(tags, n_tags, path) == NULL)
			check_say(c, CHECK_PACKAGE, CHECK_FAILS,
				  "%s is in no manifest%s", path, leaver(path));
	}
}

static struct bagit_file *
read_manifest(struct check *c, const char *path, size_t *n)
{
	struct bagit_file *list = NULL;
	size_t len;
	char *text =
	    check_read(c, CHECK_PACKAGE, path, BAGIT_MANIFEST_MAX, &len);

	*n = 0;
	if (text != NULL &&
	    bagit_manifest_decode(text, len, &list, n) != FORMAT_OK)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "%s is not in the form of a manifest", path);
	free(text);
	return list;
}

static void
check_manifests(struct check *c)
{
	size_t n_data, n_tags;
	struct bagit_file *data = read_manifest(c, manifest_name, &n_data);
	struct bagit_file *tags = read_manifest(c, tags_name, &n_tags);
	const struct package_file *m = package_find(c->p, manifest_name);
	char hex[65];

	compare_hashes(c, data, n_data, true, manifest_name);
	compare_hashes(c, tags, n_tags, false, tags_name);
	find_unlisted(c, data, n_data, tags, n_tags);
	if (m != NULL && m->is_hashed) {
		hex_encode(m->sha256, HASH_LEN, hex);
		memcpy(c->id, hex, 32);
	}
	check_sum(c, CHECK_FILES,
		  "each of the %zu files has the SHA-256 that the manifests "
		  "state",
		  n_data + n_tags);
	free(data);
	free(tags);
}

/* Text that must be exactly this. */
static void
check_exact(struct check *c, const char *path, const char *want)
{
	size_t len;
	char *text = check_read(c, CHECK_PACKAGE, path, 4096, &len);

	if (text != NULL &&
	    (len != strlen(want) || memcmp(text, want, len) != 0))
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "%s is not what it must be", path);
	free(text);
}

/* Whose key must it be? False if the option cannot be read. */
static bool
is_key(const char *given, const uint8_t pub[32])
{
	char shown[CHECK_FINGERPRINT_MAX], line[SSHSIG_KEY_LINE_MAX];

	check_fingerprint(pub, shown);
	sshsig_key_line(pub, line);
	return strcmp(given, shown) == 0 ||
	       strncmp(given, line, strlen(line)) == 0;
}

static void
check_seal(struct check *c)
{
	char print[CHECK_FINGERPRINT_MAX];
	uint8_t pub[32], sig[64];
	size_t n, len;
	char *armor =
	    check_read(c, CHECK_SEAL, seal_name, SSHSIG_ARMOR_MAX, &n);
	char *tags =
	    check_read(c, CHECK_SEAL, tags_name, BAGIT_MANIFEST_MAX, &len);

	if (armor == NULL || tags == NULL) {
		check_say(c, CHECK_SEAL, CHECK_FAILS, "the seal is missing");
	} else if (sshsig_armor_decode(armor, n, POLICYTEXT_NAMESPACE, pub,
				       sig) != FORMAT_OK) {
		check_say(c, CHECK_SEAL, CHECK_FAILS,
			  "seal.sig is no signature for exhibits in the form "
			  "of ssh-keygen");
	} else if (sshsign_verify(pub, POLICYTEXT_NAMESPACE, tags, len, sig) !=
		   0) {
		check_say(c, CHECK_SEAL, CHECK_FAILS,
			  "the signature is not that of its key over the "
			  "manifests");
	} else {
		check_fingerprint(pub, print);
		if (c->has_seal_key && memcmp(pub, c->seal_key, 32) != 0)
			check_say(c, CHECK_SEAL, CHECK_FAILS,
				  "proof/signers.txt names another key than "
				  "that of the seal, %s",
				  print);
		if (c->o->key != NULL && !is_key(c->o->key, pub))
			check_say(c, CHECK_SEAL, CHECK_FAILS,
				  "it is sealed by the key %s, not by the one "
				  "you gave",
				  print);
		check_sum(c, CHECK_SEAL,
			  c->o->key != NULL
			      ? "sealed by the key that you gave, %s"
			      : "sealed by the key %s: compare it with the "
				"certificate on paper",
			  print);
		if (c->o->key == NULL)
			check_compare(c, "key of the seal", print,
				      "the custodian who made the package");
	}
	free(armor);
	free(tags);
}

static void
read_signers(struct check *c)
{
	size_t len;
	char *text = check_read(c, CHECK_PACKAGE, "proof/signers.txt",
				POLICYTEXT_SIGNERS_MAX, &len);

	if (text != NULL &&
	    policytext_signers_decode(text, len, c->seal_key) == FORMAT_OK)
		c->has_seal_key = true;
	else if (text != NULL)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "proof/signers.txt is not in its form");
	free(text);
}

void
check_bag(struct check *c)
{
	const struct report *odd = package_odd(c->p);

	for (size_t i = 0; i < odd->n; i++)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS, "%s",
			  odd->lines[i].text);
	c->v[CHECK_PACKAGE].applies = true;
	if (c->o->parts) {
		(void)check_take(c, "proof/signers.txt");
		return;
	}
	hash_all(c);
	if (c->broken.code != ERR_NONE)
		return;
	check_manifests(c);
	check_exact(c, "bagit.txt", bagit_declaration);
	read_signers(c);
	check_seal(c);
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (check_take(c, always[i]) == NULL)
			check_say(c, CHECK_PACKAGE, CHECK_FAILS,
				  "%s is missing", always[i]);
}

/* bag-info.txt repeats what stands elsewhere: it must be the same. */
static void
check_info(struct check *c)
{
	struct bagit_info i;
	size_t len;
	char *text =
	    check_read(c, CHECK_PACKAGE, "bag-info.txt", BAGIT_INFO_MAX, &len);
	char agent[BAGIT_AGENT_MAX];
	uint64_t bytes = 0, files = 0;

	if (text == NULL)
		return;
	for (size_t k = 0; k < c->n_files; k++)
		if (is_data(c->files[k].path)) {
			bytes += c->files[k].size;
			files++;
		}
	snprintf(agent, sizeof agent, "muniment %s", c->x.by);
	if (bagit_info_decode(text, len, &i) != FORMAT_OK)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "bag-info.txt is not in its form");
	else if (strcmp(i.agent, agent) != 0 ||
		 strncmp(i.date, c->x.made, 10) != 0 ||
		 strcmp(i.id, c->id) != 0 || i.bytes != bytes ||
		 i.files != files)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "bag-info.txt says something else than the package "
			  "shows");
	free(text);
}

/* The script that checks the paths: ours, or somebody's? */
static void
check_script(struct check *c)
{
	const struct package_file *f = package_find(c->p, "check-paths.sh");
	uint8_t digest[HASH_LEN];
	struct err e = {0};
	char *own = NULL, hex[65];
	size_t len;

	if (f == NULL || !f->is_hashed ||
	    certificate_paths(&own, &len, &e) != 0)
		return;
	hash_sha256(own, len, digest);
	free(own);
	if (memcmp(digest, f->sha256, HASH_LEN) == 0)
		return;
	hex_encode(f->sha256, HASH_LEN, hex);
	check_compare(c, "SHA-256 of check-paths.sh", hex,
		      "it is not the script of this program: of another "
		      "version, or anything else; if you mean to run it");
}

/* Is the page that goes with it the one that it names, and ours? */
static void
check_page(struct check *c)
{
	const struct package_file *f = check_take(c, "VERIFY.html");
	char hex[65], own[65];

	if (f == NULL) {
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "VERIFY.html is missing");
		return;
	}
	hex_encode(f->sha256, HASH_LEN, hex);
	verifier_hash(own);
	if (f->is_hashed && memcmp(f->sha256, c->x.verifier, HASH_LEN) != 0)
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "VERIFY.html is not the page that proof/exhibit.txt "
			  "names");
	else if (strcmp(hex, own) == 0)
		check_say(c, CHECK_PACKAGE, CHECK_HOLDS,
			  "VERIFY.html is the page of this very program");
	else
		check_compare(c, "SHA-256 of VERIFY.html", hex,
			      "it is not the page of this program: of another "
			      "version, or anything else; if you mean to use "
			      "it");
}

void
check_index(struct check *c)
{
	size_t len;
	char *text = check_read(c, CHECK_PACKAGE, "proof/exhibit.txt",
				EXINDEX_FILE_MAX, &len);

	if (text != NULL) {
		if (exindex_decode(text, len, &c->x) == FORMAT_OK)
			c->has_index = true;
		else
			check_say(c, CHECK_PACKAGE, CHECK_FAILS,
				  "proof/exhibit.txt is not in its form");
		free(text);
	}
	if (!c->has_index)
		return;
	text = check_read(c, CHECK_PACKAGE, "proof/policy.txt",
			  POLICYTEXT_FILE_MAX, &len);
	if (text != NULL &&
	    policytext_decode(text, len, &c->policy) != FORMAT_OK) {
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "proof/policy.txt is not in its form");
		policytext_free(&c->policy);
	}
	free(text);
	if (c->o->parts)
		return;
	check_info(c);
	check_page(c);
	check_script(c);
}

void
check_leftovers(struct check *c)
{
	for (size_t i = 0; i < c->n_files; i++) {
		const char *path = c->files[i].path;

		if (c->taken[i] || strncmp(path, "filing/", 7) == 0 ||
		    (c->o->parts && strchr(path, '/') == NULL))
			continue;
		check_say(c, CHECK_PACKAGE, CHECK_FAILS,
			  "%s: nothing in proof/exhibit.txt says what this is",
			  path);
	}
	check_sum(c, CHECK_PACKAGE,
		  "%zu files, all of them listed, none missing", c->n_files);
}
