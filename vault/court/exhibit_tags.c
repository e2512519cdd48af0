/* What stands around a package's parts: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "bagit.h"
#include "certificate.h"
#include "policytext.h"
#include "sshsig.h"
#include "sshsign.h"
#include "verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- manifests -- */

static bool
is_data(const char *path)
{
	return strncmp(path, "data/", strlen("data/")) == 0;
}

/* The manifest of all files in data/, or of all others; malloc'ed. */
static char *
manifest(const struct exhibit *ex, bool data, size_t *len)
{
	size_t n, k = 0;
	const struct packout_file *list = packout_files(ex->out, &n);
	struct bagit_file *files = calloc(n + 1, sizeof *files);
	char *text;

	if (files == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (is_data(list[i].path) != data)
			continue;
		strcpy(files[k].path, list[i].path);
		memcpy(files[k++].sha256, list[i].sha256, HASH_LEN);
	}
	text = bagit_manifest_encode(files, k, len);
	free(files);
	return text;
}

_Static_assert(PACKOUT_PATH_MAX <= BAGIT_PATH_MAX, "a path fits");

int
exhibit_tags_id(struct exhibit *ex, struct err *e)
{
	uint8_t digest[HASH_LEN];
	size_t len = 0;
	char *text = manifest(ex, true, &len);

	if (text == NULL)
		return err_memory(e);
	hash_sha256(text, len, digest);
	hex_encode(digest, 16, ex->id);
	free(text);
	return 0;
}

static int
put_bag(struct exhibit *ex, struct err *e)
{
	struct bagit_info info = {0};
	char text[BAGIT_INFO_MAX];
	size_t n;
	const struct packout_file *list = packout_files(ex->out, &n);

	snprintf(info.agent, sizeof info.agent, "%s", ex->o->tool);
	snprintf(info.date, sizeof info.date, "%.10s", ex->made);
	memcpy(info.id, ex->id, sizeof info.id);
	for (size_t i = 0; i < n; i++)
		if (is_data(list[i].path)) {
			info.bytes += list[i].size;
			info.files++;
		}
	if (packout_put(ex->out, "bagit.txt", bagit_declaration,
			strlen(bagit_declaration), e) != 0)
		return -1;
	n = bagit_info_encode(&info, text);
	return packout_put(ex->out, "bag-info.txt", text, n, e);
}

/* Both manifests, and the seal over the second, which lists the first. */
static int
put_seal(struct exhibit *ex, struct err *e)
{
	char armor[SSHSIG_ARMOR_MAX], *text;
	uint8_t sig[64];
	size_t len = 0;
	int rc = -1;

	text = manifest(ex, true, &len);
	if (text == NULL)
		return err_memory(e);
	rc = packout_put(ex->out, "manifest-sha256.txt", text, len, e);
	free(text);
	if (rc != 0)
		return -1;
	text = manifest(ex, false, &len);
	if (text == NULL)
		return err_memory(e);
	sshsign(identity_seed(ex->x->id), POLICYTEXT_NAMESPACE, text, len, sig);
	rc = packout_put(ex->out, "tagmanifest-sha256.txt", text, len, e);
	free(text);
	len =
	    sshsig_armor(ex->x->id->sign_pub, POLICYTEXT_NAMESPACE, sig, armor);
	return rc == 0 ? packout_put(ex->out, "seal.sig", armor, len, e) : -1;
}

/* -- what people read -- */

static int
put_texts(struct exhibit *ex, const json_t *facts, struct err *e)
{
	static const struct {
		const char *path;
		int (*make)(const json_t *, const struct cert_choice *, char **,
			    size_t *, struct err *);
	} texts[] = {{"00-READ-ME-FIRST.txt", certificate_readme},
		     {"CERTIFICATE.html", certificate_html},
		     {"CERTIFICATE.pdf", certificate_pdf},
		     {"COMMANDS.txt", certificate_commands}};
	struct cert_choice c = {ex->o->lang, ex->o->declaration, ex->o->values};
	char *text = NULL;
	size_t len = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof *texts; i++) {
		rc = texts[i].make(facts, &c, &text, &len, e);
		if (rc == 0)
			rc = packout_put(ex->out, texts[i].path, text, len, e);
		free(text);
		text = NULL;
	}
	if (rc == 0)
		rc = certificate_paths(&text, &len, e);
	if (rc == 0)
		rc = packout_put(ex->out, "check-paths.sh", text, len, e);
	free(text);
	return rc;
}

int
exhibit_tags_write(struct exhibit *ex, struct err *e)
{
	const uint8_t *page;
	size_t len = 0;
	json_t *facts;
	int rc;

	facts = exhibit_facts(ex, ex->id, e);
	if (facts == NULL)
		return -1;
	rc = put_texts(ex, facts, e);
	json_decref(facts);
	page = verifier_page(&len);
	return rc == 0 &&
		       packout_put(ex->out, "VERIFY.html", page, len, e) == 0 &&
		       put_bag(ex, e) == 0 && put_seal(ex, e) == 0
		   ? 0
		   : -1;
}
