#include "certificate.h"

#include "cert_inside.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char paths[] = {
#include "check-paths.inc"
};

const char *const certificate_declarations[] = {
    "none", "fre902-13", "fre902-14", "echr", "un", NULL};
const char *const certificate_keys[] = {
    "court",	      "case_number", "case_name",
    "exhibit_number", "description", "declarant",
    "position",	      "employer",    "relationship",
    "qualifications", "basis",	     "served",
    "place",	      "law",	     "source",
    "obtained",	      NULL};

bool
certificate_knows(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* "✓ holds": words beside the sign. */
static const char *
result_words(struct cert *x, const char *result)
{
	const char *sign = strcmp(result, "holds") == 0	  ? "✓"
			   : strcmp(result, "fails") == 0 ? "✗"
							  : "?";

	return cert_printf(x, "%s %s", sign,
			   cert_word(x, "result", result, result));
}

/* What was found: with its numbers in English, else as VERIFY.html says it. */
static const char *
finding(struct cert *x, const json_t *check)
{
	const char *text = cert_s(check, "text");
	const char *what = cert_printf(x, "%s.%s", cert_s(check, "name"),
				       cert_s(check, "result"));

	return strcmp(x->c->lang, "en") == 0
		   ? text
		   : cert_word(x, "verify.c", what, text);
}

static void
results(struct cert *x)
{
	const struct doc_column columns[] = {
	    {cert_t(x, "cert.col.check"), 34, false, false},
	    {cert_t(x, "cert.col.result"), 20, false, false},
	    {cert_t(x, "cert.col.detail"), 46, false, false}};
	const json_t *checks = cert_list(x->f, "checks"), *check;
	size_t i;

	doc_heading(x->d, 2, cert_t(x, "cert.results"));
	if (json_array_size(checks) == 0) {
		doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.verdict.none"));
		return;
	}
	doc_para(x->d, DOC_PLAIN, NULL,
		 CERT_FILL(x, "cert.results.text", "tool", cert_s(x->f, "tool"),
			   "time", cert_time(x, cert_s(x->f, "made"))));
	doc_table(x->d, NULL, 3, columns);
	json_array_foreach (checks, i, check) {
		const char *name = cert_s(check, "name");

		doc_row(x->d, (const char *[]){
				  cert_word(x, "check", name, name),
				  result_words(x, cert_s(check, "result")),
				  finding(x, check)});
	}
}

static bool
any_redacted(const struct cert *x)
{
	const json_t *item;
	size_t i;

	json_array_foreach (cert_list(x->f, "items"), i, item)
		if (json_is_true(json_object_get(item, "redacted")))
			return true;
	return false;
}

/* What the lawyer gave under names of his own. */
static void
free_values(struct cert *x)
{
	const char *key;
	json_t *value;
	bool any = false;

	json_object_foreach ((json_t *)(uintptr_t)x->c->values, key, value) {
		/* document_1_title and the like are for the list in filing/ */
		if (certificate_knows(certificate_keys, key) ||
		    strncmp(key, "document_", 9) == 0 ||
		    cert_value(x, key)[0] == '\0')
			continue;
		if (!any)
			doc_heading(x->d, 3, cert_t(x, "cert.ident.more"));
		any = true;
		doc_field(x->d, key, cert_value(x, key));
	}
}

static void
identification(struct cert *x)
{
	bool count = json_is_true(json_object_get(x->f, "count"));

	doc_heading(x->d, 2, cert_t(x, "cert.ident"));
	doc_field(x->d, cert_t(x, "cert.ident.package"),
		  CERT_FILL(x, "cert.ident.package.value", "id",
			    cert_keep(x, doc_groups(cert_s(x->f, "id")))));
	doc_field(x->d, cert_t(x, "cert.ident.made"),
		  CERT_FILL(x, "cert.ident.made.value", "time",
			    cert_time(x, cert_s(x->f, "made"))));
	doc_field(x->d, cert_t(x, "cert.ident.tool"), cert_s(x->f, "tool"));
	doc_field_mono(x->d, cert_t(x, "cert.ident.vault"),
		       cert_s(x->f, "vault"));
	doc_field(x->d, cert_t(x, "cert.ident.items"),
		  cert_number(x, (json_int_t)json_array_size(
				     cert_list(x->f, "items"))));
	doc_field(x->d, cert_t(x, "cert.ident.kind"),
		  cert_t(x, any_redacted(x) ? "cert.ident.kind.redacted"
					    : "cert.ident.kind.original"));
	if (cert_s(x->f, "profile")[0] != '\0')
		doc_field(x->d, cert_t(x, "cert.ident.profile"),
			  cert_s(x->f, "profile"));
	doc_field(
	    x->d, cert_t(x, "cert.ident.count"),
	    cert_t(x, count ? "cert.ident.count.yes" : "cert.ident.count.no"));
	doc_field(x->d, cert_t(x, "cert.ident.source"),
		  cert_value(x, "source"));
	doc_field(x->d, cert_t(x, "cert.ident.obtained"),
		  cert_value(x, "obtained"));
	free_values(x);
}

static void
digital(struct cert *x)
{
	const json_t *check;
	const char *again = "cert.digital.again.none";
	size_t i;

	json_array_foreach (cert_list(x->f, "checks"), i, check) {
		const char *result = cert_s(check, "result");

		if (strcmp(cert_s(check, "name"), "originals") == 0)
			again = strcmp(result, "holds") == 0
				    ? "cert.digital.again.value"
				    : "cert.digital.again.failed";
	}
	doc_heading(x->d, 2, cert_t(x, "cert.digital"));
	doc_field(x->d, cert_t(x, "cert.digital.algorithm"),
		  cert_t(x, "cert.digital.algorithm.value"));
	doc_field(x->d, cert_t(x, "cert.digital.intake"),
		  cert_t(x, "cert.digital.intake.value"));
	doc_field(x->d, cert_t(x, "cert.digital.again"),
		  CERT_FILL(x, again, "time",
			    cert_time(x, cert_s(x->f, "made")), "tool",
			    cert_s(x->f, "tool")));
	doc_field(x->d, cert_t(x, "cert.digital.second"), NULL);
	doc_field(x->d, cert_t(x, "cert.digital.machine"), NULL);
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.digital.text"));
}

/* Paragraphs with bold words first: key and key.text. */
static void
explained(struct cert *x, const char *const *keys, bool list)
{
	for (; *keys != NULL; keys++) {
		const char *text = cert_t(x, cert_printf(x, "%s.text", *keys));

		if (list)
			doc_item(x->d, false, cert_t(x, *keys), text);
		else
			doc_para(x->d, DOC_PLAIN, cert_t(x, *keys), text);
	}
}

static void
process(struct cert *x)
{
	static const char *const keys[] = {
	    "cert.process.intake", "cert.process.log",	 "cert.process.witness",
	    "cert.process.show",   "cert.process.check", NULL};
	bool errors = cert_results(x, "fails", NULL) > 0;

	doc_heading(x->d, 2, cert_t(x, "cert.process"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.process.text"));
	explained(x, keys, false);
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.process.open"));
	doc_field(x->d, cert_t(x, "cert.process.errors"),
		  cert_t(x, errors ? "cert.process.errors.some"
				   : "cert.process.errors.none"));
}

static void
limits(struct cert *x)
{
	static const char *const keys[] = {
	    "truth",   "author",   "before", "time", "stamp",
	    "witness", "complete", "key",    "law",  NULL};

	doc_heading(x->d, 2, cert_t(x, "cert.limits"));
	doc_para(x->d, DOC_PLAIN, NULL, cert_t(x, "cert.limits.text"));
	for (size_t i = 0; keys[i] != NULL; i++)
		doc_item(x->d, true, NULL,
			 cert_word(x, "cert.limits", keys[i], ""));
}

static int
build(struct cert *x, struct err *e)
{
	const char *id = cert_s(x->f, "id"), *made = cert_s(x->f, "made");
	const struct doc_head head = {
	    .lang = x->c->lang,
	    .title = cert_t(x, "cert.title"),
	    .made = made,
	    .tool = cert_s(x->f, "tool"),
	    .foot =
		CERT_FILL(x, "cert.foot", "id", id, "made", cert_time(x, made)),
	    .page = cert_t(x, "word.page"),
	    .blank = cert_t(x, "word.blank"),
	};

	x->d = doc_new(&head);
	if (x->d == NULL)
		return err_memory(e);
	cert_page(x);
	doc_page(x->d);
	results(x);
	identification(x);
	cert_items(x);
	digital(x);
	process(x);
	limits(x);
	cert_declaration(x);
	doc_page(x->d);
	cert_annexes(x);
	return x->broken ? err_memory(e) : 0;
}

static int
make(const json_t *facts, const struct cert_choice *c, char **out, size_t *len,
     struct err *e,
     int (*write)(const struct doc *, char **, size_t *, struct err *))
{
	struct cert x;
	int rc = -1;

	*out = NULL;
	if (cert_new(&x, facts, c, e) == 0 && build(&x, e) == 0)
		rc = write(x.d, out, len, e);
	cert_free(&x);
	return rc;
}

int
certificate_html(const json_t *facts, const struct cert_choice *c, char **out,
		 size_t *len, struct err *e)
{
	return make(facts, c, out, len, e, doc_html);
}

int
certificate_pdf(const json_t *facts, const struct cert_choice *c, char **out,
		size_t *len, struct err *e)
{
	return make(facts, c, out, len, e, doc_pdf);
}

int
certificate_paths(char **out, size_t *len, struct err *e)
{
	*out = malloc(sizeof paths + 1);
	if (*out == NULL)
		return err_memory(e);
	memcpy(*out, paths, sizeof paths);
	(*out)[sizeof paths] = '\0';
	*len = sizeof paths;
	return 0;
}
