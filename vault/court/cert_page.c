/* Page 1 of a certificate: what a judge reads in two minutes. */
#include "cert_inside.h"

#include <string.h>

#define FILES_ON_PAGE 3 /* named there; all of them in part 3 */

static const char *
file_line(struct cert *x, const json_t *file)
{
	json_int_t pages = json_integer_value(json_object_get(file, "pages"));
	const char *size = CERT_FILL(
	    x, "word.bytes", "n",
	    cert_number(x, json_integer_value(json_object_get(file, "size"))));
	const char *line =
	    CERT_FILL(x, "cert.file.line", "path", cert_s(file, "path"), "type",
		      cert_s(file, "media_type"), "size", size);

	if (pages <= 0)
		return line;
	return cert_printf(x, "%s · %s", line,
			   CERT_FILL(x, "cert.file.pages", "pages",
				     cert_number(x, pages)));
}

/* The files, each with its SHA-256 if they are few. */
static void
files(struct cert *x, size_t n, const json_t *only)
{
	const json_t *item, *file;
	size_t i, j;

	if (only != NULL) {
		doc_field(x->d, cert_t(x, "cert.file"), file_line(x, only));
		return;
	}
	if (n == 0) {
		doc_field(x->d, cert_t(x, "cert.files"),
			  cert_t(x, "cert.files.none"));
		return;
	}
	if (n > FILES_ON_PAGE) {
		doc_field(x->d, cert_t(x, "cert.files"),
			  CERT_FILL(x, "cert.files.line", "n",
				    cert_number(x, (json_int_t)n)));
		return;
	}
	json_array_foreach(cert_list(x->f, "items"), i, item)
	{
		json_array_foreach(cert_list(item, "files"), j, file)
		{
			char *groups = doc_groups(cert_s(file, "sha256"));

			doc_field(x->d, cert_t(x, "cert.file"),
				  file_line(x, file));
			doc_field_mono(x->d,
				       CERT_FILL(x, "cert.digest.file", "path",
						 cert_s(file, "path")),
				       cert_keep(x, groups));
		}
	}
}

/* The last of the first times from outside; how many items have none. */
static const char *
outside_time(const struct cert *x, size_t *without)
{
	const char *latest = "", *first;
	const json_t *item, *by;
	size_t i, j;

	*without = 0;
	json_array_foreach(cert_list(x->f, "items"), i, item)
	{
		first = "";
		json_array_foreach(cert_list(item, "no_later"), j, by)
		{
			const char *t = cert_s(by, "time");

			if (first[0] == '\0' || strcmp(t, first) < 0)
				first = t;
		}
		if (first[0] == '\0')
			(*without)++;
		else if (strcmp(first, latest) > 0)
			latest = first;
	}
	return latest;
}

static bool
any_retracted(const struct cert *x)
{
	const json_t *item;
	size_t i;

	json_array_foreach(cert_list(x->f, "items"), i, item)
		if (json_is_true(json_object_get(item, "retracted")))
			return true;
	return false;
}

static void
shows(struct cert *x, size_t n)
{
	static const char *const nots[] = {"cert.not.true", "cert.not.author",
					   "cert.not.complete",
					   "cert.not.before", "cert.not.law"};
	size_t without, items = json_array_size(cert_list(x->f, "items"));
	const char *time = outside_time(x, &without);

	doc_box(x->d, DOC_LEFT, cert_t(x, "cert.shows"));
	doc_item(x->d, false, NULL,
		 cert_t(x, n > 0 ? "cert.shows.same" : "cert.shows.same.none"));
	doc_item(x->d, false, NULL, cert_t(x, "cert.shows.log"));
	if (time[0] != '\0')
		doc_item(x->d, false, NULL,
			 CERT_FILL(x,
				   items == 1 ? "cert.shows.time"
					      : "cert.shows.times",
				   "time", cert_time(x, time)));
	if (without > 0)
		doc_item(x->d, false, NULL,
			 cert_t(x, time[0] != '\0' ? "cert.shows.some_time"
						   : "cert.shows.no_time"));
	if (json_object_get(x->f, "seal") != NULL)
		doc_item(x->d, false, NULL, cert_t(x, "cert.shows.seal"));
	if (any_retracted(x))
		doc_item(x->d, false, cert_t(x, "cert.shows.retracted"), NULL);
	doc_box_end(x->d);
	doc_box(x->d, DOC_RIGHT, cert_t(x, "cert.not"));
	for (size_t i = 0; i < sizeof nots / sizeof *nots; i++)
		doc_item(x->d, false, NULL, cert_t(x, nots[i]));
	doc_box_end(x->d);
}

static void
verdict(struct cert *x)
{
	const char *unknown, *failed;
	size_t holds = cert_results(x, "holds", NULL);
	size_t fails = cert_results(x, "fails", &failed);
	size_t open = cert_results(x, "unknown", &unknown);
	const char *n = cert_number(x, (json_int_t)holds), *line;

	if (holds + fails + open == 0)
		line = cert_printf(x, "? %s", cert_t(x, "cert.verdict.none"));
	else if (fails > 0)
		line = cert_printf(
		    x, "✗ %s",
		    CERT_FILL(x, "cert.verdict.fails", "list", failed));
	else if (open > 0)
		line = cert_printf(x, "✓ %s",
				   CERT_FILL(x, "cert.verdict.unknown", "n", n,
					     "list", unknown));
	else
		line = cert_printf(x, "✓ %s",
				   CERT_FILL(x, "cert.verdict.holds", "n", n));
	doc_box(x->d, DOC_WHOLE, cert_t(x, "cert.verdict"));
	doc_para(x->d, DOC_STRONG, NULL, line);
	doc_para(x->d, DOC_SMALL, NULL, cert_t(x, "cert.verdict.again"));
	doc_box_end(x->d);
}

static void
quick(struct cert *x, const json_t *only)
{
	doc_box(x->d, DOC_WHOLE, cert_t(x, "cert.quick"));
	doc_item(x->d, true, NULL, cert_t(x, "cert.quick.browser"));
	if (only != NULL)
		doc_item(x->d, true, NULL,
			 CERT_FILL(x, "cert.quick.file", "path",
				   cert_s(only, "path")));
	else
		doc_item(x->d, true, NULL, cert_t(x, "cert.quick.package"));
	doc_item(x->d, true, NULL, cert_t(x, "cert.quick.all"));
	doc_box_end(x->d);
}

void
cert_page(struct cert *x)
{
	static const char *const keys[] = {"court", "case_number", "case_name",
					   "exhibit_number"};
	const char *id = cert_keep(x, doc_groups(cert_s(x->f, "id")));
	const json_t *only;
	size_t n = cert_files(x, &only);

	doc_para(x->d, DOC_KICKER, NULL, CERT_FILL(x, "cert.kicker", "id", id));
	doc_heading(x->d, 1, cert_t(x, "cert.title"));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		doc_field(x->d, cert_word(x, "cert", keys[i], keys[i]),
			  cert_value(x, keys[i]));
	doc_field(x->d, cert_t(x, "cert.court_ref"), NULL);
	doc_field(x->d, cert_t(x, "cert.description"),
		  cert_value(x, "description"));
	files(x, n, only);
	if (only != NULL)
		doc_digest(x->d,
			   CERT_FILL(x, "cert.digest.file", "path",
				     cert_s(only, "path")),
			   cert_s(only, "sha256"),
			   cert_t(x, "cert.digest.alt"));
	else
		doc_digest(x->d, cert_t(x, "cert.digest.package"),
			   cert_s(x->f, "id"), cert_t(x, "cert.digest.alt"));
	verdict(x);
	shows(x, n);
	quick(x, only);
}
