/* The end of a certificate: declarant, declaration, annexes. */
#include "cert_inside.h"

#include <stdlib.h>
#include <string.h>

#define BLANK "______________________"

static void
declarant(struct cert *x)
{
	static const char *const keys[][2] = {
	    {"cert.declarant.name", "declarant"},
	    {"cert.declarant.position", "position"},
	    {"cert.declarant.employer", "employer"},
	    {"cert.declarant.relationship", "relationship"},
	    {"cert.declarant.qualifications", "qualifications"},
	    {"cert.declarant.basis", "basis"},
	};

	doc_heading(x->d, 2, cert_t(x, "cert.declarant"));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		doc_field(x->d, cert_t(x, keys[i][0]),
			  cert_value(x, keys[i][1]));
	doc_heading(x->d, 3, cert_t(x, "cert.notice"));
	doc_field(x->d, cert_t(x, "cert.notice.served"),
		  cert_value(x, "served"));
	doc_field(x->d, cert_t(x, "cert.notice.inspect"), NULL);
	doc_field(x->d, cert_t(x, "cert.notice.contact"), NULL);
}

/* A text of the declaration, with what the lawyer gave or blanks. */
static const char *
declared(struct cert *x, const char *which)
{
	const char *pairs[64] = {"blank", BLANK};
	const char *key =
	    cert_printf(x, "decl.%s.%s", x->c->declaration, which);
	size_t n = 2;

	if (cert_t(x, key) == key)
		return NULL;
	for (size_t i = 0; certificate_keys[i] != NULL; i++) {
		const char *value = cert_value(x, certificate_keys[i]);

		pairs[n++] = certificate_keys[i];
		pairs[n++] = value[0] != '\0' ? value : BLANK;
	}
	return cert_fill(x, key, pairs);
}

void
cert_declaration(struct cert *x)
{
	const char *text;
	char which[12];

	declarant(x);
	doc_heading(x->d, 2, declared(x, "title"));
	text = declared(x, "note");
	if (text != NULL)
		doc_para(x->d, DOC_SMALL, NULL, text);
	for (unsigned i = 1; i < 20; i++) {
		snprintf(which, sizeof which, "%u", i);
		text = declared(x, which);
		if (text != NULL)
			doc_item(x->d, true, NULL, text);
	}
	text = declared(x, "oath");
	if (text != NULL)
		doc_para(x->d, DOC_PLAIN, NULL, text);
	doc_field(x->d, cert_t(x, "decl.date"), NULL);
	doc_field(x->d, cert_t(x, "decl.place"), cert_value(x, "place"));
	doc_field(x->d, cert_t(x, "decl.signature"), NULL);
	doc_field(x->d, cert_t(x, "decl.name"), cert_value(x, "declarant"));
}

static void
commands(struct cert *x)
{
	static const char text[] =
	    "sha256sum -c manifest-sha256.txt\n"
	    "sha256sum --quiet -c tagmanifest-sha256.txt\n"
	    "ssh-keygen -Y verify -f proof/signers.txt -I custodian "
	    "-n muniment-exhibit -s seal.sig < tagmanifest-sha256.txt\n"
	    "sh check-paths.sh";

	doc_heading(x->d, 2, cert_t(x, "annex.a"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "annex.a.text"));
	doc_para(x->d, DOC_CODE, NULL, text);
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "annex.a.must"));
}

static void
keys(struct cert *x)
{
	const json_t *seal = json_object_get(x->f, "seal"), *item, *root;
	size_t i;

	doc_heading(x->d, 2, cert_t(x, "annex.b"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "annex.b.text"));
	if (seal != NULL) {
		doc_field_mono(x->d, cert_t(x, "annex.b.seal"),
			       cert_printf(x, "%s\n%s",
					   cert_s(seal, "fingerprint"),
					   cert_s(seal, "key")));
		if (cert_s(seal, "words")[0] != '\0')
			doc_field(x->d, cert_t(x, "annex.b.words"),
				  cert_s(seal, "words"));
	}
	json_array_foreach(cert_list(x->f, "items"), i, item)
		doc_field_mono(
		    x->d,
		    CERT_FILL(x, "annex.b.device", "n",
			      cert_number(x, (json_int_t)i + 1)),
		    cert_s(item, "device"));
	json_array_foreach(cert_list(x->f, "roots"), i, root)
		doc_field_mono(
		    x->d, cert_t(x, "annex.b.root"),
		    CERT_FILL(x, "annex.b.root.value", "subject",
			      cert_s(root, "subject"), "sha256",
			      cert_s(root, "sha256"), "not_after",
			      cert_time(x, cert_s(root, "not_after"))));
	if (cert_s(x->f, "verifier")[0] != '\0')
		doc_field_mono(
		    x->d, cert_t(x, "annex.b.verifier"),
		    cert_keep(x, doc_groups(cert_s(x->f, "verifier"))));
	doc_field(x->d, cert_t(x, "annex.b.elsewhere"), NULL);
}

static void
glossary(struct cert *x)
{
	static const char *const words[] = {"hash", "entry", "log",
					    "tree", "stamp", "cosignature",
					    "seal", "salt",  "redaction"};

	doc_heading(x->d, 2, cert_t(x, "annex.c"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *key = cert_printf(x, "annex.c.%s", words[i]);

		doc_item(x->d, false, cert_t(x, key),
			 cert_t(x, cert_printf(x, "%s.text", key)));
	}
}

void
cert_annexes(struct cert *x)
{
	struct err e = {0};
	char *script;
	size_t len;

	commands(x);
	keys(x);
	glossary(x);
	doc_heading(x->d, 2, cert_t(x, "annex.d"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "annex.d.text"));
	if (certificate_paths(&script, &len, &e) == 0)
		doc_para(x->d, DOC_CODE, NULL, cert_keep(x, script));
	else
		x->broken = true;
	doc_heading(x->d, 2, cert_t(x, "annex.e"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "annex.e.text"));
}
